import { BaseEdge, type EdgeProps } from '@xyflow/react';

const CORNER = 12;

/** Straight down, over just above where it leads, and down again: lines never cross cards. */
export function linePath(fromX: number, fromY: number, toX: number, toY: number): string {
  if (Math.abs(fromX - toX) < 1) return `M ${fromX} ${fromY} V ${toY}`;
  const turn = Math.max((fromY + toY) / 2, toY - 14);
  const way = Math.sign(toX - fromX);
  const corner = Math.min(CORNER, Math.abs(toX - fromX) / 2, turn - fromY, toY - turn);
  return [
    `M ${fromX} ${fromY}`,
    `V ${turn - corner}`,
    `Q ${fromX} ${turn} ${fromX + way * corner} ${turn}`,
    `H ${toX - way * corner}`,
    `Q ${toX} ${turn} ${toX} ${turn + corner}`,
    `V ${toY}`,
  ].join(' ');
}

function StepEdge({ sourceX, sourceY, targetX, targetY, markerEnd }: EdgeProps) {
  return <BaseEdge path={linePath(sourceX, sourceY, targetX, targetY)} markerEnd={markerEnd} />;
}

export const edgeTypes = { step: StepEdge };
