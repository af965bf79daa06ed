/** What stands above the chart: how it is shown, and what can be done with it. */
import { ActionIcon, Button, Group, Menu, SegmentedControl, Text, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp,
  IconArrowsMaximize,
  IconArrowsMinimize,
  IconColumns,
  IconDots,
  IconPhoto,
  IconPrinter,
  IconRoute,
} from '@tabler/icons-react';
import type { Timeline } from '~/api/schema';
import { Baselines } from './Baselines';
import { ZOOMS, type Zoom } from './scale';
import { shortDate } from './shift';

interface Props {
  project: string;
  timeline: Timeline;
  zoom: Zoom;
  setZoom(zoom: Zoom): void;
  critical: boolean;
  setCritical(on: boolean): void;
  columns: boolean;
  setColumns(on: boolean): void;
  baseline?: string;
  setBaseline(id?: string): void;
  folded: boolean;
  fold?: (fold: boolean) => void;
  toToday(): void;
  undo?: () => void;
  savePicture(): void;
  print(): void;
}

const LABELS: Record<Zoom, string> = { day: 'Day', week: 'Week', month: 'Month', quarter: 'Quarter' };

export function Tools(props: Props) {
  const { project, timeline, zoom, critical, columns, folded, fold, undo } = props;
  const onPath = timeline.items.filter((item) => item.critical && !item.summary && !item.actual_finish).length;
  return (
    <Group justify="space-between" gap="xs">
      <Group gap="xs">
        <SegmentedControl
          size="xs"
          value={zoom}
          onChange={(value) => props.setZoom(value as Zoom)}
          data={ZOOMS.map((value) => ({ value, label: LABELS[value] }))}
          aria-label="Zoom"
        />
        <Button variant="default" size="xs" onClick={props.toToday}>
          Today
        </Button>
        <Tooltip label="Undo the last move">
          <ActionIcon
            variant="default"
            size={30}
            onClick={undo}
            disabled={!undo}
            aria-label="Undo the last move"
            aria-keyshortcuts="Control+Z"
          >
            <IconArrowBackUp size={16} />
          </ActionIcon>
        </Tooltip>
      </Group>
      <Text size="sm" c="dimmed" visibleFrom="lg">
        Done by <b data-finish>{shortDate(timeline.finish)}</b> · {onPath} on the critical path
      </Text>
      <Group gap="xs">
        <Button
          variant={critical ? 'light' : 'default'}
          size="xs"
          leftSection={<IconRoute size={16} />}
          aria-pressed={critical}
          onClick={() => props.setCritical(!critical)}
        >
          Critical path
        </Button>
        <Baselines project={project} chosen={props.baseline} choose={props.setBaseline} />
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size={30} aria-label="More for the timeline">
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconPhoto size={16} />} onClick={props.savePicture}>
              Save as PNG
            </Menu.Item>
            <Menu.Item leftSection={<IconPrinter size={16} />} onClick={props.print}>
              Print or save as PDF
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item
              visibleFrom="sm"
              leftSection={<IconColumns size={16} />}
              onClick={() => props.setColumns(!columns)}
            >
              {columns ? 'Hide the dates in the table' : 'Show the dates in the table'}
            </Menu.Item>
            {fold && (
              <Menu.Item
                leftSection={folded ? <IconArrowsMaximize size={16} /> : <IconArrowsMinimize size={16} />}
                onClick={() => fold(!folded)}
              >
                {folded ? 'Show all subtasks' : 'Hide all subtasks'}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </Group>
    </Group>
  );
}
