"""Writes crons.json: cron lines in ten zones, and the times that three other programs find for them.

    npm install cron-parser; python crons.py LINES [SEED] > crons.json      (needs croniter, cronsim, tzdata and node)

Made with croniter 7.0.0, cronsim 2.8 and cron-parser 5.10.6. The committed file holds some hundred lines. Many more can be
compared with `python crons.py 5000 7 > /tmp/many.json; TRACKSIDE_CRONS=/tmp/many.json cargo test -p trackside-rules schedule`.

Each line has, for each zone, the second since the epoch from which times were asked for, and how many seconds later they
are: `same` where all three agree, and otherwise what each says under `croniter`, `cronsim` and `parser` (null where it
refuses the line).
"""

import json
import random
import subprocess
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "America/Santiago",
    "Australia/Lord_Howe", "Australia/Sydney", "Africa/Cairo", "Asia/Kolkata",
]
ASKED = 6
# What people write.
USUAL = """0 9 * * 1-5|*/5 * * * *|*/15 * * * *|0 * * * *|30 * * * *|0 0 * * *|30 2 * * *|0 2 * * *|0 3 * * *|15 1 * * *|45 1 * * *|0 0 1 * *
0 0 1 1 *|0 12 * * MON|0 8,17 * * *|0 9-17 * * 1-5|0 9-17/2 * * *|*/30 9-17 * * 1-5|0 0 * * 0|0 0 * * 7|0 0 * * SUN|15 14 1 * *|0 22 * * 1-5
23 0-20/2 * * *|5 4 * * SUN|0 0,12 1 */2 *|0 4 8-14 * *|0 0 1,15 * 3|0 9 1-7 * 1|0 0 29 2 *|0 0 31 * *|0 0 30 4,6,9,11 *|0 9 * * 1#1|0 9 * * 5#3
0 9 * * 2#5|0 9 L * *|0 23 L 2 *|10 0 9 * * *|*/20 * * * * *|0 0 0 1 1 *|30 30 2 * * *|0 */2 * * *|0 */3 * * *|*/10 2 * * *|*/10 1-3 * * *
0-30/10 2 * * *|15,45 2 * * *|0,30 1,2,3 * * *|5/20 * * * *|0 1/6 * * *|0 0 10/10 * *|0 0 * JAN-MAR *|0 0 * 6-8 SAT,SUN|0 9 */2 * *|0 9 */2 * 1
0 9 1 * */2|0 9 * * 5-7|0 9 * * 0-2|59 23 31 12 *|0 0 * 2 *|1 2 3 4 *|0 0 13 * 5|0 6 * 3,10 *|30 0 * * *|0 1 * 3,4,10,11 0|*/7 * * * *|*/45 * * * *"""


def some(dice, values, most=3):
    return ",".join(str(value) for value in sorted(dice.sample(values, dice.randint(1, min(most, len(values))))))


def made_up(dice):
    def field(values, star, names=None):
        roll = dice.random()
        if roll < star:
            return "*"
        if roll < star + 0.12:
            return f"*/{dice.choice([2, 3, 5, 7, 10, 15, 20])}" if len(values) > 31 else f"*/{dice.choice([2, 3, 4, 5])}"
        if roll < star + 0.25:
            first, last = sorted(dice.sample(values, 2))
            if names and dice.random() < 0.5:
                return f"{names[first - values[0]]}-{names[last - values[0]]}"
            step = f"/{dice.randint(2, 4)}" if dice.random() < 0.3 else ""
            return f"{first}-{last}{step}"
        return some(dice, values)

    minute = field(range(60), 0.15)
    hour = dice.choice([field(range(24), 0.25), some(dice, range(5)), "2", "1", "0", "3"])
    day = field(range(1, 32), 0.6)
    month = field(range(1, 13), 0.7, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split())
    week_day = field(range(7), 0.55, "SUN MON TUE WED THU FRI SAT".split())
    if dice.random() < 0.08:
        day, week_day = "*", f"{dice.randint(0, 6)}#{dice.randint(1, 5)}"
    elif dice.random() < 0.05:
        day, week_day = "L", "*"
    line = f"{minute} {hour} {day} {month} {week_day}"
    return f"{some(dice, range(60), 2)} {line}" if dice.random() < 0.08 else line


def start(dice, zone):
    """Often in the two days before the clock is changed."""
    place = ZoneInfo(zone)
    year = dice.randint(2021, 2034)
    if dice.random() < 0.75 and zone not in ("UTC", "Asia/Kolkata"):
        hour, changes = datetime(year, 1, 1, tzinfo=timezone.utc).timestamp(), []
        before = None
        for at in range(int(hour), int(hour) + 366 * 86400, 1800):
            offset = datetime.fromtimestamp(at, place).utcoffset()
            if before is not None and offset != before:
                changes.append(at)
            before = offset
        if changes:
            return dice.choice(changes) - dice.randint(0, 40) * 3600 - dice.randint(0, 3599)
    return int(datetime(year, dice.randint(1, 12), dice.randint(1, 28), tzinfo=timezone.utc).timestamp()) + dice.randint(0, 86399)


def by_croniter(line, zone, at):
    # Its years end sooner than the calendar repeats; what is rarer it calls impossible.
    times = croniter(line, datetime.fromtimestamp(at, ZoneInfo(zone)), second_at_beginning=True, max_years_between_matches=60)
    return [int(times.get_next(datetime).timestamp()) - at for _ in range(ASKED)]


def by_cronsim(line, zone, at):
    times = CronSim(line, datetime.fromtimestamp(at, ZoneInfo(zone)))
    return [int(next(times).astimezone(timezone.utc).timestamp()) - at for _ in range(ASKED)]


PARSER = """
import { CronExpressionParser } from "cron-parser";
let text = ""; for await (const part of process.stdin) text += part;
const found = JSON.parse(text).map(([line, tz, at]) => { try {
  const times = CronExpressionParser.parse(line, { currentDate: new Date(at * 1000), tz });
  return Array.from({ length: %d }, () => Math.round(times.next().toDate().getTime() / 1000) - at);
} catch { return null; } });
console.log(JSON.stringify(found));
""" % ASKED


def by_parser(asked):
    done = subprocess.run(["node", "--input-type=module", "-e", PARSER], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def attempt(find, *question):
    try:
        return find(*question)
    except Exception:  # whatever a program says of a line that it does not take
        return None


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    dice = random.Random(seed)
    lines = USUAL.replace("\n", "|").split("|")
    while len(lines) < count:
        line = made_up(dice)
        if line not in lines:
            lines.append(line)
    asked = [(line, zone, start(dice, zone)) for line in lines for zone in ZONES]
    rows = {line: [] for line in lines}
    for (line, zone, at), parser in zip(asked, by_parser(asked)):
        answers = {"croniter": attempt(by_croniter, line, zone, at), "cronsim": attempt(by_cronsim, line, zone, at), "parser": parser}
        first = answers["croniter"]
        agree = first is not None and all(answer == first for answer in answers.values())
        rows[line].append({"zone": zone, "from": at, **({"same": first} if agree else answers)})
    dump = lambda value: json.dumps(value, separators=(",", ":"))
    print("[\n" + ",\n".join(dump({"cron": line, "in": rows[line]}) for line in lines) + "\n]")


main()
