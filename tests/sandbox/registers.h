/*
 * registers.h - departments, employees, customers, suppliers, projects and products of a company.
 */
#ifndef SANDBOX_REGISTERS_H
#define SANDBOX_REGISTERS_H

struct company;

void registers_fill(struct company *company);
void registers_release(struct company *company); /* all registers, the chart's too */

#endif
