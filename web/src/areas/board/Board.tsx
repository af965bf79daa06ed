import { Button, Group, Skeleton, Text } from '@mantine/core';
import { IconLayoutKanban, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { useMay } from '~/areas/account/queries';
import { usePeople } from '~/areas/people/queries';
import { projectQuery, typesQuery, workflowQuery } from '~/areas/projects/queries';
import { Empty } from '~/parts/Empty';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useManner } from '~/parts/time';
import { addTask } from './addTask';
import { CardMenu, type OpenMenu } from './CardMenu';
import { Columns } from './Columns';
import { type BoardTasks, boardQuery, type Card } from './cache';
import { Filters } from './Filters';
import { type BoardSearch, columns, isNarrowed } from './filter';
import { Guide } from './Guide';
import type { CardLook } from './TaskCard';
import { useMove } from './useMove';

const NO_CARDS: Card[] = [];

/** The tasks of a project as cards in the columns of its workflow. */
export function Board() {
  const { key } = useParams({ strict: false }) as { key: string };
  const search = useSearch({ strict: false }) as BoardSearch;
  const navigate = useNavigate();
  const board = useQuery(boardQuery(key));
  const workflow = useQuery(workflowQuery(key));
  const types = useQuery(typesQuery(key));
  const project = useQuery(projectQuery(key));
  const people = usePeople();
  const manner = useManner();
  const open = project.data !== undefined && project.data.status !== 'archived';
  const mayEdit = useMay('task.edit', key) && open;
  const mayAdd = useMay('task.create', key) && open;
  const move = useMove();
  const [menu, setMenu] = useState<OpenMenu>();
  const onMenu = useCallback(
    (card: Card, button: HTMLElement) => setMenu({ card, at: button.getBoundingClientRect() }),
    [],
  );
  const typeNames = useMemo(() => new Map(types.data?.map(({ key, name }) => [key, name])), [types.data]);
  const { locale, timeZone } = manner;
  const look = useMemo<CardLook>(
    () => ({ people, types: typeNames, manner: { locale, timeZone }, onMenu }),
    [people, typeNames, locale, timeZone, onMenu],
  );
  const change = useCallback(
    (part: Partial<BoardSearch>) =>
      void navigate({ to: '.', search: (old) => ({ ...old, ...part }) as never, replace: true }),
    [navigate],
  );
  const cards = board.data?.cards ?? NO_CARDS;
  const { q, assignee, label, priority, type, sort } = search;
  // Typing goes on while thousands of cards are gone through.
  const wanted = useDeferredValue(
    useMemo(() => ({ q, assignee, label, priority, type, sort }), [q, assignee, label, priority, type, sort]),
  );
  const statuses = workflow.data?.statuses;
  const sorted = useMemo(() => columns(cards, statuses ?? [], wanted), [cards, statuses, wanted]);
  if (board.isError && !board.data) return <ProblemAlert error={board.error} retry={() => void board.refetch()} />;
  if (workflow.isError && !workflow.data)
    return <ProblemAlert error={workflow.error} retry={() => void workflow.refetch()} />;
  if (!board.data || !workflow.data) return <Waiting />;
  if (board.data.complete && cards.length === 0) return <Nothing project={key} mayAdd={mayAdd} />;
  return (
    <>
      {search.guide && <Guide project={key} cards={cards} workflow={workflow.data} />}
      <Filters search={search} change={change} cards={cards} people={people} types={typeNames} />
      <Progress board={board.data} shown={isNarrowed(wanted) ? [...sorted.values()].flat().length : undefined} />
      <Columns
        project={key}
        workflow={workflow.data}
        sorted={sorted}
        look={look}
        mayEdit={mayEdit}
        mayAdd={mayAdd}
        move={move}
      />
      <CardMenu open={menu} workflow={workflow.data} mayEdit={mayEdit} move={move} close={() => setMenu(undefined)} />
    </>
  );
}

/** Says how far the board is there, and how many cards the filters leave. */
function Progress({ board: { cards, total, complete }, shown }: { board: BoardTasks; shown?: number }) {
  const parts = [
    !complete && `Loading tasks: ${cards.length} of ${total}`,
    complete &&
      total > cards.length &&
      `The board shows the newest ${cards.length} of ${total} tasks; search finds all.`,
    shown !== undefined && `${shown} of ${cards.length} cards fit.`,
  ].filter(Boolean);
  return (
    <Text size="xs" c="dimmed" component="output" aria-live="polite" mb={parts.length > 0 ? 6 : 0}>
      {parts.join(' · ')}
    </Text>
  );
}

function Waiting() {
  return (
    <Group gap={12} wrap="nowrap" style={{ overflow: 'hidden' }} aria-busy aria-label="Loading the board">
      {[1, 2, 3, 4].map((column) => (
        <Skeleton key={column} h={420} miw={264} radius={10} />
      ))}
    </Group>
  );
}

function Nothing({ project, mayAdd }: { project: string; mayAdd: boolean }) {
  return (
    <Empty
      icon={IconLayoutKanban}
      title="Each card is a task, each column how it stands"
      actions={
        mayAdd && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => addTask.open({ project })}>
            Add the first task
          </Button>
        )
      }
    >
      Cards are moved from column to column as work goes on, and rules can answer to each move.
      {mayAdd
        ? ' You can also press the key c on any page to add a task.'
        : ' As soon as somebody adds a task, it appears here.'}
    </Empty>
  );
}
