-- Empty. Whether there is room on the disk is found out by writing into it and taking that back.
create table room (filler blob not null) strict;
