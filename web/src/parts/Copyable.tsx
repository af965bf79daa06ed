import { ActionIcon, Alert, Code, CopyButton, Group, Stack, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

/** Words that are handed on: an address, a path, a token. One press copies them. */
export function Copyable({ value, label }: { value: string; label: string }) {
  return (
    <Group gap={4} wrap="nowrap" maw="100%">
      <Code style={{ overflowWrap: 'anywhere', minWidth: 0 }} aria-label={label} role="group">
        {value}
      </Code>
      <CopyButton value={value} timeout={2000}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={copy}
              aria-label={copied ? `${label}: copied` : `Copy ${label.toLowerCase()}`}
            >
              {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

/** Something that is shown now and never again. */
export function ShownOnce({ value, label, children }: { value: string; label: string; children?: string }) {
  return (
    <Alert color="yellow" title={`${label}: copy it now`} styles={{ title: { color: 'var(--mantine-color-text)' } }}>
      <Stack gap="xs">
        <Text size="sm">
          {children ?? 'It is not shown again. Keep it where only you, or the program, can read it.'}
        </Text>
        <Copyable value={value} label={label} />
      </Stack>
    </Alert>
  );
}
