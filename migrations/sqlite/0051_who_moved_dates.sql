-- Who changed what a plan is to be computed anew for, parted by commas: none of them approves what it sets off.
alter table plans add column people text;
