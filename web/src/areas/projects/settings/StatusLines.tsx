import { ActionIcon, Select, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react';
import type { Category, Status } from '~/api/schema';
import classes from './settings.module.css';

const MEANINGS: Record<Category, string> = {
  todo: 'Not begun',
  in_progress: 'Under way',
  done: 'Done',
  cancelled: 'Will not be done',
};

interface Props {
  statuses: Status[];
  change: (statuses: Status[]) => void;
  remove: (status: Status) => void;
  mayEdit: boolean;
}

/** The statuses in their order, each with its name and what it means. */
export function StatusLines({ statuses, change, remove, mayEdit }: Props) {
  const set = (key: string, part: Partial<Status>) =>
    change(statuses.map((status) => (status.key === key ? { ...status, ...part } : status)));
  const move = (from: number, to: number) => {
    const moved = [...statuses];
    const [status] = moved.splice(from, 1);
    moved.splice(to, 0, status!);
    change(moved);
  };
  return (
    <ul className={classes.lines}>
      {statuses.map((status, index) => (
        <li key={status.key} className={classes.line}>
          <TextInput
            className={classes.grow}
            aria-label={`Name of status ${index + 1}`}
            maxLength={100}
            disabled={!mayEdit}
            value={status.name}
            error={status.name.trim() === '' && 'A status needs a name'}
            onChange={(event) => set(status.key, { name: event.currentTarget.value })}
          />
          <Select
            aria-label={`Meaning of ${status.name}`}
            w={160}
            allowDeselect={false}
            disabled={!mayEdit}
            data={Object.entries(MEANINGS).map(([value, label]) => ({ value, label }))}
            value={status.category}
            onChange={(value) => value && set(status.key, { category: value as Category })}
          />
          {mayEdit && (
            <>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Move ${status.name} up`}
                disabled={index === 0}
                onClick={() => move(index, index - 1)}
              >
                <IconArrowUp size={16} aria-hidden />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Move ${status.name} down`}
                disabled={index === statuses.length - 1}
                onClick={() => move(index, index + 1)}
              >
                <IconArrowDown size={16} aria-hidden />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove ${status.name}`}
                disabled={statuses.length === 1}
                onClick={() => remove(status)}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
