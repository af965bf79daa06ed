#!/usr/bin/env python3
"""Makes up networks of tasks and asks MPXJ's MicrosoftScheduler when they happen.

    python3 -m venv DIR && DIR/bin/pip install mpxj==16.10.0 JPype1==1.7.1     (needs Java 17)
    DIR/bin/python scripts/oracles/mpxj_networks.py > engine/tests/data/cpm_mpxj.json

The same seed gives the same file. Each network is one line: what it is made of, and of each task what MPXJ answers.
Times are minutes since the Monday on which the projects start; calendars have no time zone. engine/tests/it/planning/mpxj.rs
reads it, and docs/planning.md says where and why the two differ.
"""

import json
import random
import sys

import jpype
import mpxj  # noqa: F401  (puts its jars on the class path)

jpype.startJVM("-Dlog4j2.loggerContextFactory=org.apache.logging.log4j.simple.SimpleLoggerContextFactory")

from java.time import DayOfWeek, LocalDate, LocalDateTime, LocalTime  # noqa: E402
from java.time.temporal import ChronoUnit  # noqa: E402
from org.mpxj import (  # noqa: E402
    ConstraintType, DayType, Duration, LocalTimeRange, ProjectFile, Relation, RelationType, TaskMode, TimeUnit,
)
from org.mpxj.cpm import MicrosoftScheduler  # noqa: E402

ZERO = LocalDateTime.of(2026, 3, 2, 0, 0)
DAY = 1440
OFFICE = [[day, 540, 1020] for day in range(5)]
LUNCH = [[day, *part] for day in range(5) for part in ([480, 720], [780, 1020])]
SIX = [[day, 420, 900] for day in range(5)] + [[5, 480, 720]]
NIGHTS = [[day, 60, 360] for day in range(7)]
KINDS = {"FS": "FINISH_START", "SS": "START_START", "FF": "FINISH_FINISH", "SF": "START_FINISH"}
CONSTRAINTS = ["AS_LATE_AS_POSSIBLE", "START_NO_EARLIER_THAN", "START_NO_LATER_THAN", "FINISH_NO_EARLIER_THAN",
               "FINISH_NO_LATER_THAN", "MUST_START_ON", "MUST_FINISH_ON"]


def at(minute):
    return ZERO.plusMinutes(minute)


def since(time):
    return int(ChronoUnit.MINUTES.between(ZERO, time))


def span(minutes):
    return Duration.getInstance(float(minutes), TimeUnit.MINUTES)


def clock(minute):
    return LocalTime.MIDNIGHT if minute == DAY else LocalTime.of(minute // 60, minute % 60)


def calendar_of(file, told):
    calendar = file.addCalendar()
    for day in range(7):
        parts = [part for part in told["hours"] if part[0] == day]
        weekday = DayOfWeek.of(day + 1)
        calendar.setCalendarDayType(weekday, DayType.WORKING if parts else DayType.NON_WORKING)
        hours = calendar.addCalendarHours(weekday)
        for _, begin, end in parts:
            hours.add(LocalTimeRange(clock(begin), clock(end)))
    for first, last, parts in told["exceptions"]:
        date = ZERO.toLocalDate()
        exception = calendar.addCalendarException(date.plusDays(first), date.plusDays(last))
        for begin, end in parts:
            exception.add(LocalTimeRange(clock(begin), clock(end)))
    return calendar


def ask(network):
    """What MPXJ answers: of each task early start and finish, late start and finish, start, finish, total and free slack."""
    file = ProjectFile()
    calendars = [calendar_of(file, told) for told in network["calendars"]]
    file.setDefaultCalendar(calendars[0])
    tasks = []
    for told in network["tasks"]:
        parent = told.get("parent")
        task = tasks[parent].addTask() if parent is not None else file.addTask()
        tasks.append(task)
    for number, (task, told) in enumerate(zip(tasks, network["tasks"])):
        task.setName(str(number))
        task.setTaskMode(TaskMode.AUTO_SCHEDULED)
        duration, progress = told["duration"], told.get("progress", 0)
        worked = duration * progress // 100
        task.setDuration(span(duration))
        task.setActualDuration(span(worked))
        task.setRemainingDuration(span(duration - worked))
        task.setMilestone(duration == 0)
        task.setConstraintType(getattr(ConstraintType, told.get("constraint", ["AS_SOON_AS_POSSIBLE"])[0]))
        if "constraint" in told and len(told["constraint"]) > 1:
            task.setConstraintDate(at(told["constraint"][1]))
        if "calendar" in told:
            task.setCalendar(calendars[told["calendar"]])
        if "actual" in told:
            task.setActualStart(at(told["actual"][0]))
            if len(told["actual"]) > 1:
                task.setActualFinish(at(told["actual"][1]))
    for before, after, kind, lag in network["links"]:
        relation = Relation.Builder().predecessorTask(tasks[before]).type(getattr(RelationType, KINDS[kind])).lag(span(lag))
        tasks[after].addPredecessor(relation)
    file.getProjectProperties().setStartDate(at(540))
    start = calendars[0].getNextWorkStart(ZERO)
    network["start"] = since(start)
    MicrosoftScheduler().schedule(file, start)

    def slack(value):
        return None if value is None else round(float(value.convertUnits(TimeUnit.MINUTES, file.getProjectProperties()).getDuration()))

    return [
        [since(time) for time in (task.getEarlyStart(), task.getEarlyFinish(), task.getLateStart(), task.getLateFinish(),
                                  task.getStart(), task.getFinish())]
        + [slack(task.getTotalSlack()), slack(task.getFreeSlack())]
        for task in tasks
    ]


def tasks_and_links(random, count, kinds=("FS", "FS", "FS", "SS", "FF", "SF"), lags=True):
    tasks = []
    for _ in range(count):
        duration = 0 if random.random() < 0.1 else 30 * random.randint(1, 60)
        tasks.append({"duration": duration})
    links = []
    for after in range(1, count):
        for before in random.sample(range(after), min(after, random.choice([0, 1, 1, 2, 3]))):
            lag = 0
            if lags and random.random() < 0.4:
                lag = 30 * random.randint(1, 40) * random.choice([1, 1, 1, -1])
            links.append([before, after, random.choice(kinds), lag])
    return tasks, links


def calendar(random, hours=None):
    exceptions, day = [], 0
    while hours is None or random.random() < 0.7:
        day += random.randint(3, 15)
        if day > 120:
            break
        last = day + random.choice([0, 0, 1, 4])
        exceptions.append([day, last, random.choice([[], [], [[600, 780]]])])
        day = last
        if hours is not None and len(exceptions) > 6:
            break
    return {"hours": hours or random.choice([OFFICE, LUNCH, SIX]), "exceptions": exceptions}


def plain():
    return {"hours": OFFICE, "exceptions": []}


def constrain(random, network, share=0.3):
    for task in network["tasks"]:
        if random.random() < share:
            name = random.choice(CONSTRAINTS)
            date = random.randint(1, 25) * DAY + 30 * random.choice([18, 18, 20, 24, 26, 30, 34, 34, 40])
            task["constraint"] = [name] if name == "AS_LATE_AS_POSSIBLE" else [name, date]


def progress(random, network):
    """The first of them are done or have begun, at instants of work."""
    done = random.randint(1, max(1, len(network["tasks"]) // 2))
    for number, task in enumerate(network["tasks"][:done]):
        begin = (number // 3) * DAY + 540 + 30 * random.randint(0, 6)
        while begin // DAY % 7 > 4:
            begin += DAY
        if task["duration"] == 0 or random.random() < 0.6:
            end = begin if task["duration"] == 0 else begin + 30 * random.randint(1, 6)
            task.update(progress=100, actual=[begin, end])
        else:
            task.update(progress=random.choice([10, 25, 50, 80]), actual=[begin])


def summaries(random, network):
    """Some tasks become parts of others. Only starts of links are summaries, or starts and ends by FS and SS."""
    count = len(network["tasks"])
    parents = [number for number in range(count) if random.random() < 0.25]
    for number in range(count):
        below = [parent for parent in parents if parent < number]
        if below and number not in parents and random.random() < 0.7:
            network["tasks"][number]["parent"] = random.choice(below)
    used = {task["parent"] for task in network["tasks"] if "parent" in task}
    for parent in used:
        network["tasks"][parent]["duration"] = 0
    network["links"] = [
        link for link in network["links"]
        if network["tasks"][link[1]].get("parent") != link[0]
        and (link[1] not in used or link[2] in ("FS", "SS"))
        and not goes_back(network, used, link)
    ]


def goes_back(network, used, link):
    """A summary is as early as its number and as late as its last part, so a link from it must lead behind that."""
    parts = [number for number, task in enumerate(network["tasks"]) if task.get("parent") == link[0]]
    parent = network["tasks"][link[1]].get("parent")
    if parts and link[1] <= max(parts):
        return True
    return parent is not None and parent >= link[0] and parent != link[0] and any(
        other[1] == parent and other[0] >= link[0] for other in network["links"])


def network(random, kind):
    count = random.randint(4, 16)
    if kind == "plain":
        tasks, links = tasks_and_links(random, count, ("FS",), lags=False)
        return {"calendars": [plain()], "tasks": tasks, "links": links}
    if kind == "progress":
        tasks, links = tasks_and_links(random, count, ("FS", "FS", "FF"))
        made = {"calendars": [calendar(random, OFFICE)], "tasks": tasks, "links": links}
        made["calendars"][0]["exceptions"] = []
        progress(random, made)
        return made
    tasks, links = tasks_and_links(random, count)
    made = {"calendars": [plain()], "tasks": tasks, "links": links}
    if kind in ("holidays", "mixed"):
        made["calendars"] = [calendar(random)]
    if kind in ("constraints", "mixed"):
        constrain(random, made)
    if kind in ("calendars",):
        made["calendars"] = [calendar(random), calendar(random, SIX), calendar(random, NIGHTS)]
        for task in tasks:
            if random.random() < 0.4:
                task["calendar"] = random.randint(1, 2)
    if kind == "summaries":
        summaries(random, made)
    return made


def starts_too_early(told, answer):
    """Whether a task starts before its project, as a lead may have it: MPXJ allows that and we do not."""
    return any(dates[0] < told["start"] and "actual" not in task for task, dates in zip(told["tasks"], answer))


def main():
    wanted = {"plain": 30, "lags": 60, "holidays": 40, "constraints": 70, "mixed": 40, "progress": 40, "calendars": 50, "summaries": 30}
    lines = []
    for kind, count in wanted.items():
        made = 0
        for seed in range(100 * count):
            if made == count:
                break
            chance = random.Random(f"{kind} {seed}")
            told = network(chance, kind)
            try:
                answer = ask(told)
            except Exception as error:  # a circle, or a task that MPXJ cannot place
                print(kind, seed, str(error)[:200], file=sys.stderr)
                continue
            if starts_too_early(told, answer):
                continue
            told.update(name=f"{kind}-{seed}", answer=answer)
            lines.append(json.dumps(told, separators=(",", ":")))
            made += 1
    print('{"provenance":"networks made up and answered by MPXJ 16.10.0 org.mpxj.cpm.MicrosoftScheduler: scripts/oracles/mpxj_networks.py",')
    print('"networks":[\n' + ",\n".join(lines) + "\n]}")


if __name__ == "__main__":
    main()
