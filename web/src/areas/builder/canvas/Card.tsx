/** What a node of a rule looks like, on the canvas and in the list on a phone. */
import { Badge, Text, UnstyledButton } from '@mantine/core';
import { IconAlertCircle, IconAlertTriangle, type TablerIcon } from '@tabler/icons-react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { RuleProblem } from '~/api/schema';
import classes from './canvas.module.css';
import { type NodeMark, STATE_NAMES, STATE_TONES } from './marks';

interface Props {
  icon: TablerIcon;
  /** Which colour the icon has: by what kind of node it is. */
  tone: 'start' | 'condition' | 'action' | 'flow' | 'stop';
  title: string;
  detail: string;
  selected?: boolean;
  mark?: NodeMark;
  problems?: RuleProblem[];
  onClick?: () => void;
  onKeyDown?: (event: KeyboardEvent<HTMLButtonElement>) => void;
  pointer: string;
  /** What stands at its end: the menu. */
  menu?: ReactNode;
}

export function Card({
  icon: Icon,
  tone,
  title,
  detail,
  selected,
  mark,
  problems,
  onClick,
  onKeyDown,
  pointer,
  menu,
}: Props) {
  const error = problems?.some(({ severity }) => severity === 'error');
  const trouble = problems && problems.length > 0;
  return (
    <div
      className={classes.card}
      data-selected={selected || undefined}
      data-mark={mark ? STATE_TONES[mark.state] : undefined}
      data-trouble={trouble ? (error ? 'error' : 'warning') : undefined}
      data-pointer={pointer}
    >
      <UnstyledButton
        className={classes.cardButton}
        onClick={onClick}
        onKeyDown={onKeyDown}
        aria-pressed={onClick ? (selected ?? false) : undefined}
        data-node={pointer}
      >
        <span className={classes.icon} data-tone={tone}>
          <Icon size={18} stroke={1.8} aria-hidden />
        </span>
        <span className={classes.words}>
          <Text span size="sm" fw={600} truncate display="block" lh={1.35}>
            {title}
          </Text>
          <Text span size="xs" c="dimmed" lineClamp={2} lh={1.35} dir="auto">
            {detail}
          </Text>
          {trouble && <span className="sr-only">{problems.map(({ message }) => message).join(' ')}</span>}
        </span>
        {trouble && (
          <span className={classes.trouble} data-tone={error ? 'error' : 'warning'} title={problems[0]?.message}>
            {error ? <IconAlertCircle size={18} aria-hidden /> : <IconAlertTriangle size={18} aria-hidden />}
          </span>
        )}
      </UnstyledButton>
      {menu}
      {mark && <MarkBadge mark={mark} />}
    </div>
  );
}

function MarkBadge({ mark }: { mark: NodeMark }) {
  return (
    <Badge
      className={classes.mark}
      size="sm"
      variant="light"
      color={STATE_TONES[mark.state]}
      c="var(--mantine-color-text)"
    >
      {STATE_NAMES[mark.state]}
      {mark.times > 1 && ` × ${mark.times}`}
      {mark.note && ` · ${mark.note}`}
    </Badge>
  );
}
