/*
 * extras.h - what a company has beyond its ledger, made to agree with it: bank statements of what
 * stands on 1920, assets on the accounts that hold some, budgets, dimensions and the like.
 */
#ifndef SANDBOX_EXTRAS_H
#define SANDBOX_EXTRAS_H

struct company;

/* After the ledger was made. What is posted later is in no bank statement and of no asset. */
void extras_fill(struct company *company);

/* The figures of the assets follow the ledger; a changed one gets a new version. */
void extras_refresh(struct company *company);

void extras_release(struct company *company);

#endif
