/** The kinds of nodes that React Flow draws. */
import { UnstyledButton } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import classes from './canvas.module.css';
import { ConditionCard, StepCard, TriggerCard } from './cards';
import { useCanvas } from './context';
import type { Placed } from './layout';

export type FlowNode = Node<{ placed: Placed; target?: boolean }, 'part'>;

export const nodeTypes = { part: PartNode };

function PartNode({ data: { placed, target } }: NodeProps<FlowNode>) {
  return (
    <>
      <Handle type="target" position={Position.Top} className={classes.handle} isConnectable={false} />
      <Part placed={placed} target={target} />
      <Handle type="source" position={Position.Bottom} className={classes.handle} isConnectable={false} />
    </>
  );
}

function Part({ placed, target }: { placed: Placed; target?: boolean }) {
  const { edits } = useCanvas();
  switch (placed.type) {
    case 'trigger':
      return <TriggerCard />;
    case 'condition':
      if (placed.there) return <ConditionCard />;
      return (
        <UnstyledButton className={classes.ghost} onClick={edits?.addCondition}>
          Add a condition
        </UnstyledButton>
      );
    case 'step':
      return <StepCard step={placed.step} path={placed.path} />;
    case 'lane':
      return <LaneLabel placed={placed} />;
    case 'add':
      return (
        <UnstyledButton
          className={classes.add}
          data-target={target || undefined}
          aria-label="Add a step here"
          onClick={() => edits?.add(placed.list, placed.index)}
        >
          <IconPlus size={16} aria-hidden />
        </UnstyledButton>
      );
    case 'end':
      return <div className={classes.end}>{placed.text}</div>;
    case 'frame':
      return <div className={classes.frame} />;
  }
}

function LaneLabel({ placed }: { placed: Placed & { type: 'lane' } }) {
  const { lane, step } = placed;
  const index = lane.path.at(-2);
  const condition = lane.path.at(-3) === 'else_if' && typeof index === 'number' ? step.else_if?.[index]?.if : undefined;
  const label = condition === undefined ? lane.label : `Or if ${condition || '…'}`;
  const ends = !lane.there && lane.without ? ` · ${lane.without.toLowerCase()}` : '';
  return (
    <div className={classes.lane}>
      <span className={classes.laneLabel} data-tone={lane.tone} title={label}>
        {label}
        {ends}
      </span>
    </div>
  );
}
