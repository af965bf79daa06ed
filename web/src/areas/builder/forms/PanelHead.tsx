import { CloseButton, Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useBuilder } from '../model/builder';
import classes from './forms.module.css';

/** The head of the editor at the side. */
export function PanelHead({
  title,
  about,
  extra,
  onClose,
}: {
  title: string;
  about?: string;
  extra?: ReactNode;
  onClose?(): void;
}) {
  const { select } = useBuilder();
  return (
    <div className={classes.head}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Title order={2} size="h5">
            {title}
          </Title>
          {about && (
            <Text size="xs" c="dimmed">
              {about}
            </Text>
          )}
        </div>
        <Group gap={2} wrap="nowrap">
          {extra}
          <CloseButton aria-label="Close" onClick={onClose ?? (() => select(undefined))} />
        </Group>
      </Group>
    </div>
  );
}
