/** The whole chart as a picture: every row, not only those that can be seen. */
import type { Dependency } from '~/api/schema';
import { endsOf, type Placed, ROW } from './Links';
import { arrow, linkPath, type Row } from './model';
import { restDays, type Scale, scaleOf, TIERS, ticks, ZOOMS, type Zoom } from './scale';
import type { WorkTime } from './worktime';

export interface Picture {
  title: string;
  rows: Row[];
  links: Dependency[];
  placed: ReadonlyMap<string, Placed>;
  zoom: Zoom;
  work: WorkTime | undefined;
  critical: boolean;
}

const NAMES = 260;
const HEAD = 48;
/** What browsers draw at most in one picture, with some room. */
const WIDEST = 16_000;
const INK = '#212529';
const PALE = '#5b6270';
const LINE = '#dfe2e8';

function fitting(picture: Picture): Scale {
  const dates = [...picture.placed.values()].map((one) => one.dates);
  const start = dates.reduce((least, one) => Math.min(least, one.start), Number.POSITIVE_INFINITY);
  const finish = dates.reduce((most, one) => Math.max(most, one.finish), start);
  const from = ZOOMS.indexOf(picture.zoom);
  const scales = ZOOMS.slice(from).map((zoom) => scaleOf(zoom, start, finish, picture.work?.hours));
  return scales.find(({ width }) => width < WIDEST) ?? (scales.at(-1) as Scale);
}

/** Draws the rows from `first` on, `count` of them at most, on a sheet of their own. */
export function paint(picture: Picture, first = 0, count = Math.min(picture.rows.length, 430)): HTMLCanvasElement {
  const scale = fitting(picture);
  const rows = picture.rows.slice(first, first + count);
  const width = Math.min(WIDEST, NAMES + scale.width);
  const height = HEAD + rows.length * ROW + 1;
  const sharp = width * height < 16_000_000 ? 2 : 1;
  const canvas = document.createElement('canvas');
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('This browser cannot draw pictures.');
  pen.scale(sharp, sharp);
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, width, height);
  pen.font = '12px system-ui, sans-serif';
  pen.textBaseline = 'middle';
  pen.save();
  pen.translate(NAMES, 0);
  ground(pen, picture, scale, height);
  pen.translate(0, HEAD - first * ROW);
  lines(pen, picture, scale, first, first + rows.length);
  for (const [index, row] of rows.entries()) bar(pen, picture, scale, row, first + index);
  pen.restore();
  names(pen, picture, rows, height);
  return canvas;
}

function ground(pen: CanvasRenderingContext2D, { work }: Picture, scale: Scale, height: number) {
  pen.fillStyle = '#f2f3f6';
  if (work)
    for (const { x, width } of restDays(scale, work.works, 0, scale.width)) pen.fillRect(x, HEAD, width, height);
  const [upper, lower] = TIERS[scale.zoom];
  [upper, lower].forEach((unit, tier) => {
    for (const { x, label } of ticks(scale, unit, 0, scale.width)) {
      pen.fillStyle = LINE;
      pen.fillRect(x, tier * 24, 1, tier ? height : 24);
      pen.fillStyle = tier ? PALE : INK;
      pen.fillText(label, x + 6, tier * 24 + 12);
    }
  });
  pen.fillStyle = '#d6336c';
  pen.fillRect(scale.x(Date.now()), 24, 2, height);
}

function lines(pen: CanvasRenderingContext2D, picture: Picture, scale: Scale, first: number, last: number) {
  for (const link of picture.links) {
    const from = picture.placed.get(link.predecessor);
    const to = picture.placed.get(link.task);
    if (!from || !to || Math.max(from.index, to.index) < first || Math.min(from.index, to.index) >= last) continue;
    const [a, b] = [endsOf(from, scale), endsOf(to, scale)];
    const hot = picture.critical && from.item.critical && to.item.critical;
    const into = link.type[1] === 'F' ? -1 : 1;
    pen.strokeStyle = pen.fillStyle = hot ? '#c92a2a' : '#7c8494';
    pen.lineWidth = hot ? 2 : 1;
    pen.stroke(new Path2D(linkPath(a, b, link.type, ROW)));
    pen.fill(new Path2D(arrow(into > 0 ? b.x1 : b.x2, b.y, into)));
  }
}

function bar(pen: CanvasRenderingContext2D, picture: Picture, scale: Scale, { item }: Row, index: number) {
  const dates = picture.placed.get(item.id)?.dates;
  if (!dates) return;
  const y = index * ROW;
  const x = scale.bar(dates.start);
  const width = Math.max(5, scale.bar(dates.finish) - x);
  const hot = picture.critical && item.critical && !item.actual_finish;
  const edge = item.actual_finish ? '#2b8a4b' : hot ? '#c92a2a' : item.summary ? '#495057' : '#5159e4';
  pen.fillStyle = edge;
  pen.strokeStyle = edge;
  if (item.variance) {
    const from = scale.bar(Date.parse(item.variance.baseline_start));
    pen.fillStyle = '#868e96';
    pen.fillRect(from, y + 31, scale.bar(Date.parse(item.variance.baseline_finish)) - from, 4);
    pen.fillStyle = edge;
  }
  if (item.milestone) pen.fill(new Path2D(`M${x} ${y + 9}l9 9l-9 9l-9 -9z`));
  else if (item.summary) pen.fill(new Path2D(`M${x} ${y + 11}h${width}v12l-6 -6h${-(width - 12)}l-6 6z`));
  else {
    pen.fillStyle = item.actual_finish ? '#8ccfa5' : hot ? '#ffc9c9' : '#c3c8f8';
    pen.beginPath();
    pen.roundRect(x, y + 8, width, 20, 5);
    pen.fill();
    pen.fillStyle = hot ? '#e03131' : '#6a72e6';
    if (!item.actual_finish) pen.fillRect(x, y + 8, (width * item.progress) / 100, 20);
    pen.lineWidth = hot ? 2 : 1;
    pen.stroke();
  }
  pen.fillStyle = PALE;
  pen.fillText(item.title, x + (item.milestone ? 0 : width) + 18, y + ROW / 2);
}

function names(pen: CanvasRenderingContext2D, { title }: Picture, rows: Row[], height: number) {
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, NAMES, height);
  pen.fillStyle = LINE;
  pen.fillRect(NAMES - 1, 0, 1, height);
  pen.fillRect(0, HEAD - 1, 20_000, 1);
  pen.fillStyle = INK;
  pen.font = '600 14px system-ui, sans-serif';
  pen.fillText(title, 12, HEAD / 2, NAMES - 24);
  rows.forEach(({ item, depth, parts }, index) => {
    pen.font = `${parts ? '600 ' : ''}12px system-ui, sans-serif`;
    const x = 12 + depth * 16;
    pen.save();
    pen.beginPath();
    pen.rect(0, HEAD + index * ROW, NAMES - 8, ROW);
    pen.clip();
    pen.fillText(`${item.key}  ${item.title}`, x, HEAD + index * ROW + ROW / 2);
    pen.restore();
  });
}

/** Saves the picture as a file. */
export async function savePicture(picture: Picture, name: string) {
  const blob = await new Promise<Blob | null>((done) => paint(picture).toBlob(done, 'image/png'));
  if (!blob) throw new Error('The picture is too large for this browser. Choose a coarser zoom.');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The chart on sheets of paper, for the browser's own dialogue, which also makes PDF files. */
export function printPicture(picture: Picture) {
  const frame = document.createElement('iframe');
  frame.style.cssText = 'position:fixed;width:0;height:0;border:0';
  frame.setAttribute('aria-hidden', 'true');
  document.body.append(frame);
  const page = frame.contentDocument;
  if (!page || !frame.contentWindow) return;
  page.head.innerHTML =
    '<style>@page{size:landscape;margin:10mm}body{margin:0}img{width:100%;break-after:page}</style>';
  const sheet = 24;
  const images = [];
  for (let first = 0; first < picture.rows.length; first += sheet) {
    const image = page.createElement('img');
    image.src = paint(picture, first, sheet).toDataURL('image/png');
    page.body.append(image);
    images.push(image.decode());
  }
  frame.contentWindow.addEventListener('afterprint', () => frame.remove());
  void Promise.all(images).then(() => frame.contentWindow?.print());
}
