import { Menu } from '@mantine/core';
import { IconArrowRight, IconCheck, IconExternalLink, IconUserMinus, IconUserPlus } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { Task, Workflow } from '~/api/schema';
import { useMe } from '~/areas/account/queries';
import { useChangeTask } from '~/areas/tasks/queries';
import type { Card } from './cache';
import { mayGo } from './ways';

export interface OpenMenu {
  card: Card;
  /** Where the button is that opened it. */
  at: DOMRect;
}

interface Props {
  open?: OpenMenu;
  workflow: Workflow;
  mayEdit: boolean;
  move: (card: Card, status: { key: string; name: string }) => void;
  close: () => void;
}

/** The menu of whichever card was asked: one for the whole board. It does without a drag what dragging does. */
export function CardMenu({ open, workflow, mayEdit, move, close }: Props) {
  const navigate = useNavigate();
  const { data: me } = useMe();
  const { mutate: change } = useChangeTask();
  if (!open) return null;
  const { card, at } = open;
  const own = me?.user.id ?? '';
  const mine = card.assignees.includes(own);
  const give = () =>
    change({
      task: card as Task,
      patch: { assignees: mine ? card.assignees.filter((id) => id !== own) : [...card.assignees, own] },
    });
  return (
    <Menu opened onClose={close} position="bottom-end" width={220} returnFocus withInitialFocusPlaceholder={false}>
      <Menu.Target>
        {/* The card's own button may be scrolled away meanwhile, so this one stands where it was. */}
        <button
          type="button"
          tabIndex={-1}
          aria-hidden
          style={{
            position: 'fixed',
            top: at.top,
            left: at.left,
            width: at.width,
            height: at.height,
            opacity: 0,
            pointerEvents: 'none',
          }}
        />
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }} aria-label={`More for ${card.key}`}>
        <Menu.Item
          leftSection={<IconExternalLink size={16} aria-hidden />}
          onClick={() => void navigate({ to: '.', search: (old) => ({ ...old, task: card.key }) as never })}
        >
          Open
        </Menu.Item>
        {mayEdit && (
          <Menu.Item
            leftSection={mine ? <IconUserMinus size={16} aria-hidden /> : <IconUserPlus size={16} aria-hidden />}
            onClick={give}
          >
            {mine ? 'Take me off' : 'Assign to me'}
          </Menu.Item>
        )}
        {mayEdit && <Menu.Label>Move to…</Menu.Label>}
        {mayEdit &&
          workflow.statuses.map((status) => (
            <Menu.Item
              key={status.key}
              leftSection={
                status.key === card.status ? (
                  <IconCheck size={16} aria-hidden />
                ) : (
                  <IconArrowRight size={16} aria-hidden />
                )
              }
              disabled={!mayGo(workflow.transitions, card.status, status.key)}
              onClick={() => move(card, status)}
            >
              {status.name}
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  );
}
