import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Status } from '~/api/schema';
import { useCreateTask } from '~/areas/tasks/queries';

/** Adds one task after another to a column: a line to type in, and Enter. */
export function QuickAdd({ project, status, close }: { project: string; status: Status; close: () => void }) {
  const [title, setTitle] = useState('');
  const create = useCreateTask();
  const add = () => {
    const wanted = title.trim();
    if (!wanted) return;
    setTitle('');
    // What was typed comes back when it could not be taken.
    create.mutate({ project, task: { title: wanted, status: status.key } }, { onError: () => setTitle(wanted) });
  };
  return (
    <TextInput
      aria-label={`Title of a new task in ${status.name}`}
      placeholder="What is to be done? Enter adds it"
      autoFocus
      mx={8}
      mb={8}
      maxLength={500}
      value={title}
      onChange={(event) => setTitle(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) add();
        if (event.key === 'Escape') close();
      }}
      onBlur={() => title.trim() === '' && close()}
    />
  );
}
