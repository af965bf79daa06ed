import { DndContext, type DragEndEvent, DragOverlay, type DragStartEvent, MeasuringStrategy } from '@dnd-kit/core';
import { useLocalStorage } from '@mantine/hooks';
import { useCallback, useMemo, useState } from 'react';
import { createPortal } from 'react-dom';
import type { Workflow } from '~/api/schema';
import { usePhone } from '~/parts/usePhone';
import classes from './board.module.css';
import { Column } from './Column';
import type { Card } from './cache';
import { announcements, type Dragged, instructions, overColumn, type Target, useCardSensors } from './dnd';
import { PhoneTabs } from './PhoneTabs';
import { type CardLook, TaskCard } from './TaskCard';
import { mayGo, wayToDone } from './ways';

interface Props {
  project: string;
  workflow: Workflow;
  sorted: Map<string, Card[]>;
  look: CardLook;
  mayEdit: boolean;
  mayAdd: boolean;
  move: (card: Card, status: { key: string; name: string }, undo?: boolean) => void;
}

const NONE: Card[] = [];

/** The columns side by side, or one at a time on a phone, and the card that is being dragged between them. */
export function Columns({ project, workflow, sorted, look, mayEdit, mayAdd, move }: Props) {
  const phone = usePhone();
  const sensors = useCardSensors();
  const [dragged, setDragged] = useState<Card>();
  const [open, setOpen] = useState<string>();
  const { folded, fold } = useFolded(project, workflow);
  const complete = useCallback(
    (card: Card) => {
      const done = wayToDone(workflow, card.status);
      if (done) move(card, done, true);
    },
    [workflow, move],
  );
  const onDragStart = ({ active }: DragStartEvent) => setDragged((active.data.current as Dragged).card);
  const onDragEnd = ({ active, over }: DragEndEvent) => {
    setDragged(undefined);
    const { card } = active.data.current as Dragged;
    const target = over?.data.current as Target | undefined;
    if (target && !target.refused && target.status !== card.status)
      move(card, { key: target.status, name: target.name });
  };
  const refused = (status: string) =>
    dragged !== undefined && dragged.status !== status && !mayGo(workflow.transitions, dragged.status, status);
  const here = workflow.statuses.find(({ key }) => key === open) ?? workflow.statuses[0]!;
  const column = (status: (typeof workflow.statuses)[number], alone: boolean) => (
    <Column
      key={status.key}
      status={status}
      cards={sorted.get(status.key) ?? NONE}
      look={look}
      project={project}
      mayAdd={mayAdd}
      mayMove={mayEdit}
      dragged={dragged}
      refused={!alone && refused(status.key)}
      folded={!alone && folded.includes(status.key)}
      fold={fold}
      alone={alone}
      complete={alone && mayEdit && wayToDone(workflow, status.key) ? complete : undefined}
    />
  );
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={overColumn}
      measuring={{ droppable: { strategy: MeasuringStrategy.WhileDragging } }}
      accessibility={{ announcements, screenReaderInstructions: instructions }}
      onDragStart={onDragStart}
      onDragEnd={onDragEnd}
      onDragCancel={() => setDragged(undefined)}
    >
      {phone ? (
        <>
          <PhoneTabs
            workflow={workflow}
            sorted={sorted}
            here={here.key}
            open={setOpen}
            dragged={dragged}
            refused={refused}
          />
          {column(here, true)}
        </>
      ) : (
        <div className={classes.board} data-fills>
          {workflow.statuses.map((status) => column(status, false))}
        </div>
      )}
      {createPortal(
        <DragOverlay dropAnimation={null}>
          {dragged && (
            <div className={`${classes.card} ${classes.overlay}`}>
              <TaskCard card={dragged} {...look} />
            </div>
          )}
        </DragOverlay>,
        document.body,
      )}
    </DndContext>
  );
}

/** Which columns are folded. What will not be done is, until somebody unfolds it. */
function useFolded(project: string, workflow: Workflow) {
  const usual = useMemo(
    () => workflow.statuses.filter(({ category }) => category === 'cancelled').map(({ key }) => key),
    [workflow],
  );
  const [kept, setKept] = useLocalStorage<string[] | null>({
    key: `trackside.folded.${project}`,
    defaultValue: null,
    getInitialValueInEffect: false,
  });
  const folded = kept ?? usual;
  const fold = useCallback(
    (status: string) =>
      setKept((kept) => {
        const now = kept ?? usual;
        return now.includes(status) ? now.filter((one) => one !== status) : [...now, status];
      }),
    [setKept, usual],
  );
  return { folded, fold };
}
