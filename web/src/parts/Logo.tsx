import { Group, Text } from '@mantine/core';

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <img src="/icons/icon.svg" width={size} height={size} alt="" />
      <Text fw={700} size="lg" component="span">
        Trackside
      </Text>
    </Group>
  );
}
