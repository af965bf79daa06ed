import { BaseEdge, type EdgeProps, getSmoothStepPath } from '@xyflow/react';

/** A line that goes straight down and turns just above where it leads, so that lines never cross cards. */
function StepEdge({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, markerEnd }: EdgeProps) {
  const [path] = getSmoothStepPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
    centerY: targetY - 14,
    borderRadius: 12,
  });
  return <BaseEdge path={path} markerEnd={markerEnd} />;
}

export const edgeTypes = { step: StepEdge };
