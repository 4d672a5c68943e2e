/*
 * reply.h - an answer on its way out, as it should be or spoilt by a fault.
 *
 * A reply takes the request and the body, waits if it must, sends, and frees itself. Replies still
 * waiting are ended by reply_end_all().
 */
#ifndef SANDBOX_REPLY_H
#define SANDBOX_REPLY_H

struct evhttp_request;
struct event_base;
struct fault;
struct out;
struct reply;

/* The replies that have not been sent yet. */
struct reply_list {
    struct event_base *base;
    struct reply *first;
};

/* Takes the text of `body`; copies what it needs of `fault`, which may be NULL. */
void reply_send(struct reply_list *list, struct evhttp_request *request, int status,
                struct out *body, const struct fault *fault);
void reply_end_all(struct reply_list *list);

#endif
