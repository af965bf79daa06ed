/** The rule as a tree that can be moved about and zoomed. */
import '@xyflow/react/dist/base.css';
import { useComputedColorScheme } from '@mantine/core';
import {
  Background,
  Controls,
  type Edge,
  MarkerType,
  MiniMap,
  type OnNodeDrag,
  ReactFlow,
  type ReactFlowInstance,
  useNodesState,
} from '@xyflow/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { pointerOf, startsWith } from '../model/path';
import classes from './canvas.module.css';
import { useCanvas } from './context';
import './flow.css';
import { layout, type Placed } from './layout';
import { type FlowNode, nodeTypes } from './nodes';
import { edgeTypes } from './StepEdge';

const SMALLEST = 0.8;
const NEAR = 90;

function flowNode(placed: Placed, movable: boolean): FlowNode {
  const { id, x, y, width, height, type } = placed;
  return {
    id,
    type: 'part',
    position: { x, y },
    width,
    height,
    data: { placed },
    draggable: movable && type === 'step',
    selectable: false,
    focusable: false,
    zIndex: type === 'frame' ? -1 : 1,
    // What cannot be dragged would not hear of clicks either.
    style: { pointerEvents: type === 'frame' ? 'none' : 'all' },
  };
}

export function FlowCanvas({ minimap = true }: { minimap?: boolean }) {
  const { rule, edits, selected } = useCanvas();
  const editable = edits !== undefined;
  const placed = useMemo(() => layout(rule, editable), [rule, editable]);
  const [nodes, setNodes, onNodesChange] = useNodesState<FlowNode>([]);
  const scheme = useComputedColorScheme('light');
  const flow = useRef<ReactFlowInstance<FlowNode, Edge>>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [target, setTarget] = useState<string>();

  useEffect(() => {
    setNodes(placed.nodes.map((one) => flowNode(one, editable)));
  }, [placed, editable, setNodes]);

  const edges = useMemo(
    (): Edge[] =>
      placed.lines.map(({ id, from, to }) => ({
        id,
        source: from,
        target: to,
        type: 'step',
        focusable: false,
        selectable: false,
        markerEnd: to.startsWith('/') ? { type: MarkerType.ArrowClosed, width: 14, height: 14 } : undefined,
      })),
    [placed],
  );

  /**
   * The tree begins at the top, in the middle. One that is too big is made smaller, as far as it stays readable and its
   * buttons are big enough for a finger.
   */
  const begin = () => {
    const { clientWidth: width = 800, clientHeight: height = 600 } = frame.current ?? {};
    const left = Math.min(...placed.nodes.map((one) => one.x));
    const right = Math.max(...placed.nodes.map((one) => one.x + one.width));
    const bottom = Math.max(...placed.nodes.map((one) => one.y + one.height));
    const zoom = Math.max(SMALLEST, Math.min(1, (width - 48) / (right - left), (height - 40) / bottom));
    void flow.current?.setViewport({ x: width / 2 - ((left + right) / 2) * zoom, y: 24, zoom });
  };

  useEffect(() => {
    if (selected) reveal(selected, placed.nodes, flow.current, frame.current);
  }, [selected, placed]);

  const near = (node: FlowNode): (Placed & { type: 'add' }) | undefined => {
    const from = (node.data.placed as Placed & { type: 'step' }).path;
    const middle = { x: node.position.x + (node.width ?? 0) / 2, y: node.position.y + (node.height ?? 0) / 2 };
    let best: (Placed & { type: 'add' }) | undefined;
    let distance = NEAR;
    for (const one of placed.nodes) {
      if (one.type !== 'add' || startsWith(one.list, from)) continue;
      const far = Math.hypot(one.x + 14 - middle.x, one.y + 14 - middle.y);
      if (far < distance) [best, distance] = [one, far];
    }
    return best;
  };

  const onNodeDrag: OnNodeDrag<FlowNode> = (_event, node) => {
    const id = near(node)?.id;
    if (id === target) return;
    setTarget(id);
    setNodes((old) =>
      old.map((one) =>
        one.data.placed.type === 'add' && (one.id === id) !== (one.data.target ?? false)
          ? { ...one, data: { ...one.data, target: one.id === id } }
          : one,
      ),
    );
  };

  const onNodeDragStop: OnNodeDrag<FlowNode> = (_event, node) => {
    const to = near(node);
    setTarget(undefined);
    if (to && node.data.placed.type === 'step') edits?.move(node.data.placed.path, to.list, to.index);
    // Back to where it was, unless the rule has just become another one.
    setNodes(placed.nodes.map((one) => flowNode(one, editable)));
  };

  return (
    <div ref={frame} className={classes.flow} data-canvas onScroll={keepStill}>
      <ReactFlow<FlowNode, Edge>
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={onNodesChange}
        onInit={(instance) => {
          flow.current = instance;
          begin();
        }}
        onNodeDrag={onNodeDrag}
        onNodeDragStop={onNodeDragStop}
        colorMode={scheme}
        minZoom={0.2}
        maxZoom={1.5}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        deleteKeyCode={null}
        nodeDragThreshold={6}
        panOnScroll
        zoomOnDoubleClick={false}
        proOptions={{ hideAttribution: true }}
        onFocusCapture={(event) => {
          const pointer = (event.target as HTMLElement).closest('[data-pointer]')?.getAttribute('data-pointer');
          if (pointer && (event.target as HTMLElement).matches(':focus-visible'))
            reveal(pointer, placed.nodes, flow.current, frame.current);
        }}
      >
        <Background gap={20} size={1.2} />
        <Controls showInteractive={false} position="bottom-left" />
        {minimap && placed.nodes.filter(({ type }) => type === 'step').length > 12 && (
          <MiniMap
            pannable
            zoomable
            position="bottom-right"
            ariaLabel="Overview of the rule"
            style={{ width: 140, height: 100 }}
          />
        )}
      </ReactFlow>
    </div>
  );
}

/** Focus would scroll the canvas as if it were a page; it is moved instead. */
function keepStill(event: { currentTarget: HTMLElement }) {
  event.currentTarget.scrollTop = 0;
  event.currentTarget.scrollLeft = 0;
}

/** Moves the canvas so that a node can be seen, if it cannot. */
function reveal(
  pointer: string,
  nodes: Placed[],
  flow: ReactFlowInstance<FlowNode, Edge> | null,
  frame: HTMLElement | null,
) {
  const node = nodes.find((one) => (one.type === 'step' ? pointerOf(one.path) : one.id) === pointer);
  if (!node || !flow || !frame) return;
  const { x, y, zoom } = flow.getViewport();
  const left = node.x * zoom + x;
  const top = node.y * zoom + y;
  const fits =
    left >= 0 &&
    top >= 0 &&
    left + node.width * zoom <= frame.clientWidth &&
    top + node.height * zoom <= frame.clientHeight;
  if (fits) return;
  void flow.setCenter(node.x + node.width / 2, node.y + node.height / 2, { zoom, duration: 200 });
}
