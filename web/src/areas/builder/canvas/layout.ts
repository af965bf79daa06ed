/** Where the nodes of a rule stand: a tree from the top down, lanes side by side. */
import type { Rule, Step } from '~/api/schema';
import { type Path, pointerOf } from '../model/path';
import { kindOf, type Lane, lanesOf } from '../model/steps';

export const NODE = { width: 264, height: 72 };
const GAP = 56;
const LANE_GAP = 36;
const LABEL = 28;
const NARROW = 200;

export type Placed = { id: string; x: number; y: number; width: number; height: number } & (
  | { type: 'trigger' }
  | { type: 'condition'; there: boolean }
  | { type: 'step'; step: Step; path: Path }
  | { type: 'lane'; lane: Lane; step: Step }
  | { type: 'add'; list: Path; index: number; alone: boolean }
  | { type: 'end'; text: string }
  | { type: 'frame' }
);

export interface Line {
  id: string;
  from: string;
  to: string;
}

interface Size {
  width: number;
  height: number;
}

/** Sizes are asked for again and again while placing, so each step's is kept. */
class Layout {
  nodes: Placed[] = [];
  lines: Line[] = [];
  private sizes = new Map<Step, Size>();

  constructor(private readonly editable: boolean) {}

  line(from: string[], to: string) {
    for (const one of from) this.lines.push({ id: `${one}→${to}`, from: one, to });
  }

  private lanes(step: Step, path: Path): Lane[] {
    const lanes = lanesOf(step, path);
    return this.editable ? lanes : lanes.filter((lane) => lane.there || lane.without);
  }

  private listSize(steps: Step[], path: Path): Size {
    const sizes = steps.map((step, index) => this.stepSize(step, [...path, index]));
    const height = sizes.reduce((sum, size) => sum + size.height + GAP, 0);
    // Where steps can be added there is a place for it behind the last one, too.
    return {
      width: Math.max(NARROW, ...sizes.map((size) => size.width)),
      height: this.editable ? height + GAP : Math.max(height, GAP),
    };
  }

  private stepSize(step: Step, path: Path): Size {
    const known = this.sizes.get(step);
    if (known) return known;
    const lanes = this.lanes(step, path);
    let size: Size = { width: NODE.width, height: NODE.height };
    if (lanes.length > 0) {
      const inner = lanes.map((lane) => this.listSize(lane.steps, lane.path));
      const width = inner.reduce((sum, one) => sum + one.width, 0) + LANE_GAP * (lanes.length - 1);
      const height = Math.max(...inner.map((one) => one.height));
      const frame = kindOf(step) === 'for_each' ? 32 : 0;
      size = { width: Math.max(NODE.width, width) + frame, height: NODE.height + GAP / 2 + LABEL + height + 8 };
    }
    this.sizes.set(step, size);
    return size;
  }

  /** Places a list below `y`, and says which nodes lead on from it, and how low it came. */
  list(steps: Step[], path: Path, centre: number, y: number, from: string[]): { ends: string[]; y: number } {
    let ends = from;
    let top = y;
    for (const [index, step] of steps.entries()) {
      ends = this.add(path, index, centre, top, ends, false);
      const placed = this.step(step, [...path, index], centre, top + GAP, ends);
      ends = placed.ends;
      top = placed.y;
    }
    ends = this.add(path, steps.length, centre, top, ends, steps.length === 0);
    return { ends, y: top + GAP };
  }

  private add(list: Path, index: number, centre: number, y: number, from: string[], alone: boolean): string[] {
    if (!this.editable) return from;
    const id = `+${pointerOf(list)}/${index}`;
    this.nodes.push({
      id,
      type: 'add',
      list,
      index,
      alone,
      x: centre - 14,
      y: y + GAP / 2 - 14,
      width: 28,
      height: 28,
    });
    this.line(from, id);
    return [id];
  }

  private step(step: Step, path: Path, centre: number, y: number, from: string[]): { ends: string[]; y: number } {
    const id = pointerOf(path);
    const size = this.stepSize(step, path);
    this.nodes.push({ id, type: 'step', step, path, x: centre - NODE.width / 2, y, ...NODE });
    this.line(from, id);
    const lanes = this.lanes(step, path);
    if (lanes.length === 0) return { ends: kindOf(step) === 'stop' ? [] : [id], y: y + NODE.height };
    if (kindOf(step) === 'for_each')
      this.nodes.push({
        id: `frame${id}`,
        type: 'frame',
        x: centre - size.width / 2,
        y: y + NODE.height / 2,
        width: size.width,
        height: size.height - NODE.height / 2,
      });
    const inner = lanes.map((lane) => this.listSize(lane.steps, lane.path));
    const width = inner.reduce((sum, one) => sum + one.width, 0) + LANE_GAP * (lanes.length - 1);
    let left = centre - width / 2;
    const top = y + NODE.height + GAP / 2;
    const ends: string[] = [];
    // Who fails nowhere goes straight on.
    if (lanes.every((lane) => lane.tone === 'error' || kindOf(step) === 'wait') && kindOf(step) !== 'stop')
      ends.push(id);
    for (const [index, lane] of lanes.entries()) {
      const middle = left + inner[index]!.width / 2;
      const label = `lane${pointerOf(lane.path)}`;
      this.nodes.push({
        id: label,
        type: 'lane',
        lane,
        step,
        x: middle - NARROW / 2,
        y: top,
        width: NARROW,
        height: LABEL,
      });
      this.line([id], label);
      const placed = this.list(lane.steps, lane.path, middle, top + LABEL, [label]);
      if (lane.there || !lane.without || lane.steps.length > 0) ends.push(...placed.ends);
      left += inner[index]!.width + LANE_GAP;
    }
    return { ends, y: y + size.height };
  }
}

/** The whole rule. Without `editable` there is no place to add anything. */
export function layout(rule: Rule, editable: boolean): { nodes: Placed[]; lines: Line[] } {
  const canvas = new Layout(editable);
  const x = -NODE.width / 2;
  canvas.nodes.push({ id: '/trigger', type: 'trigger', x, y: 0, ...NODE });
  let y = NODE.height;
  let from = ['/trigger'];
  const there = rule.condition !== undefined && rule.condition !== null;
  if (there || editable) {
    const height = there ? NODE.height : 32;
    const width = there ? NODE.width : 160;
    canvas.nodes.push({ id: '/condition', type: 'condition', there, x: -width / 2, y: y + GAP / 2, width, height });
    canvas.line(from, '/condition');
    y += GAP / 2 + height;
    from = ['/condition'];
  }
  const placed = canvas.list(rule.steps ?? [], ['steps'], 0, y, from);
  if (placed.ends.length > 0) {
    canvas.nodes.push({ id: 'end', type: 'end', text: 'Done', x: -32, y: placed.y, width: 64, height: 24 });
    canvas.line(placed.ends, 'end');
  }
  return { nodes: canvas.nodes, lines: canvas.lines };
}
