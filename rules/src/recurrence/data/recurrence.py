"""Writes recurrences.json: rules, and the times that python-dateutil finds for them.

    python recurrence.py COUNT [SEED] > recurrences.json      (needs python-dateutil and tzdata)

The committed file holds a few hundred. Thousands at once can be compared with
`python recurrence.py 6000 7 > /tmp/many.json; TRACKSIDE_RECURRENCES=/tmp/many.json cargo test -p trackside-rules recurrence`.

dateutil expands on the wall clock and leaves a time that the zone skips as it is; such a time is read with the offset
from before the gap (PEP 495, fold=0), and the same moment twice in a row is kept once.
"""

import json
import random
import signal
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Sao_Paulo", "America/St_Johns",
    "America/Los_Angeles", "Australia/Lord_Howe", "Australia/Sydney", "Asia/Kolkata", "Asia/Tokyo",
    "Pacific/Apia", "Africa/Cairo", "America/Santiago", "Asia/Kathmandu",
]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
# The examples of RFC 5545 section 3.8.5.3, from 1997-09-02 09:00 in New York.
EXAMPLES = """FREQ=DAILY;COUNT=10|FREQ=DAILY;UNTIL=19971224T000000Z|FREQ=DAILY;INTERVAL=2|FREQ=DAILY;INTERVAL=10;COUNT=5
FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA|FREQ=WEEKLY;COUNT=10
FREQ=WEEKLY;UNTIL=19971224T000000Z|FREQ=WEEKLY;INTERVAL=2;WKST=SU|FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH
FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR|FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH
FREQ=MONTHLY;COUNT=10;BYDAY=1FR|FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU|FREQ=MONTHLY;COUNT=6;BYDAY=-2MO
FREQ=MONTHLY;BYMONTHDAY=-3|FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15|FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1
FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15|FREQ=MONTHLY;INTERVAL=2;BYDAY=TU|FREQ=YEARLY;COUNT=10;BYMONTH=6,7
FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3|FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200|FREQ=YEARLY;BYDAY=20MO
FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO|FREQ=YEARLY;BYMONTH=3;BYDAY=TH|FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8|FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13
FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13|FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8
FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3|FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2
FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z|FREQ=MINUTELY;INTERVAL=15;COUNT=6|FREQ=MINUTELY;INTERVAL=90;COUNT=4
FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40|FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16
FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO|FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU
FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5"""


def some(dice, values, most=3):
    return ",".join(str(value) for value in sorted(dice.sample(values, dice.randint(1, min(most, len(values))))))


def made_up(dice):
    freq = dice.choice(["YEARLY"] * 3 + ["MONTHLY"] * 4 + ["WEEKLY"] * 4 + ["DAILY"] * 4 + ["HOURLY"] * 2 + ["MINUTELY", "SECONDLY"])
    parts = [f"FREQ={freq}"]

    def maybe(chance, part):
        if dice.random() < chance:
            parts.append(part())

    maybe(0.5, lambda: f"INTERVAL={dice.choice([1, 2, 3, 4, 5, 7, 13, 25, 90])}")
    maybe(0.3, lambda: "BYMONTH=" + some(dice, range(1, 13)))
    signed = lambda most: [n for n in range(-most, most + 1) if n]
    numbered = freq in ("YEARLY", "MONTHLY") and dice.random() < 0.5
    week = freq == "YEARLY" and dice.random() < 0.2
    if week:
        # What -52 and -53 are in the days before the first week and behind the last, dateutil leaves open.
        parts.append("BYWEEKNO=" + some(dice, [n for n in signed(51)] + [52, 53]))
        numbered = False
    if freq in ("YEARLY", "HOURLY", "MINUTELY", "SECONDLY"):
        maybe(0.15, lambda: "BYYEARDAY=" + some(dice, signed(366)))
    if freq != "WEEKLY":
        maybe(0.25, lambda: "BYMONTHDAY=" + some(dice, signed(31), 6))
    if numbered:
        most = 5 if freq == "MONTHLY" or any(part.startswith("BYMONTH=") for part in parts) else 53
        maybe(0.7, lambda: "BYDAY=" + ",".join(f"{dice.choice(signed(most))}{day}" for day in dice.sample(DAYS, dice.randint(1, 3))))
    else:
        maybe(0.4, lambda: "BYDAY=" + ",".join(dice.sample(DAYS, dice.randint(1, 4))))
    maybe(0.2, lambda: "BYHOUR=" + some(dice, range(24)))
    maybe(0.15, lambda: "BYMINUTE=" + some(dice, range(60)))
    maybe(0.1, lambda: "BYSECOND=" + some(dice, range(60)))
    if any(part.startswith("BY") for part in parts):
        maybe(0.25, lambda: "BYSETPOS=" + some(dice, [-3, -2, -1, 1, 2, 3, 5]))
    maybe(0.3, lambda: f"WKST={dice.choice(DAYS)}")
    maybe(0.2, lambda: f"COUNT={dice.randint(1, 30)}")
    return ";".join(parts)


def starts(dice):
    """Often close to where clocks are changed, and at the hours when they are."""
    year = dice.randint(1995, 2035)
    if dice.random() < 0.5:
        month, day = dice.choice([(3, 7), (3, 25), (4, 1), (10, 1), (10, 20), (11, 1), (2, 20), (9, 25)])
        return datetime(year, month, day, dice.choice([0, 1, 2, 3, 9]), dice.choice([0, 15, 30, 45]))
    return datetime(year, dice.randint(1, 12), dice.randint(1, 28), dice.randint(0, 23), dice.randint(0, 59), dice.choice([0, 0, 30]))


def known(rule, start, zone, asked):
    """The times that dateutil finds; none when it takes too long, or has no end to its search."""
    place = ZoneInfo(zone)
    times = []
    for found in rrulestr(rule, dtstart=start.replace(tzinfo=place)):
        moment = int(found.astimezone(timezone.utc).timestamp())
        if found.year > 2090:  # chrono-tz knows the changes of the clock up to 2100
            return None
        if not times or moment > times[-1]:
            times.append(moment)
        if len(times) == asked:
            break
    return {"rule": rule, "start": start.isoformat(), "zone": zone, "asked": asked, "times": times}


def begins_a_week(rule, start):
    parts = dict(part.split("=") for part in rule.split(";"))
    return DAYS[start.weekday()] == parts.get("WKST", "MO")


def too_long(*_):
    raise TimeoutError


def main():
    signal.signal(signal.SIGALRM, too_long)
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    dice = random.Random(seed)
    rows = [known(rule, datetime(1997, 9, 2, 9), "America/New_York", 24) for rule in EXAMPLES.replace("\n", "|").split("|")]
    while len(rows) < count:
        drawn = made_up(dice), starts(dice), dice.choice(ZONES), dice.choice([3, 10, 24])
        # Of the first week dateutil counts BYSETPOS from the start on, and not from its first day as RFC 5545 does.
        if "WEEKLY" in drawn[0] and "BYSETPOS" in drawn[0] and not begins_a_week(*drawn[:2]):
            continue
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        try:
            row = known(*drawn)
        except (TimeoutError, ValueError):  # too long, or a step that never meets a BY… part
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        # Those that stop by themselves before they were asked to have met a COUNT, or would search up to the year 9999.
        if row and (row["times"] or "COUNT" in row["rule"]):
            rows.append(row)
    print("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]")


main()
