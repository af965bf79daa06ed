/** When the tasks of a project happen: the Gantt chart. */
import { Button, Skeleton, Stack } from '@mantine/core';
import { IconTimeline } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Empty } from '~/parts/Empty';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { Chart } from './gantt/Chart';
import { timelineQuery } from './queries';

export function Timeline() {
  const { key } = useParams({ strict: false }) as { key: string };
  const [baseline, setBaseline] = useState<string>();
  const timeline = useQuery(timelineQuery(key, baseline));
  if (timeline.isPending) {
    return (
      <Stack gap="xs" aria-busy>
        <Skeleton h={36} />
        <Skeleton h={420} />
      </Stack>
    );
  }
  if (!timeline.data) return <ProblemAlert error={timeline.error} retry={() => void timeline.refetch()} />;
  if (timeline.data.items.length === 0) {
    return (
      <Empty
        icon={IconTimeline}
        title="Nothing to plan yet"
        actions={
          <Button component={Link} to={`/projects/${key}` as '/'}>
            Go to the board
          </Button>
        }
      >
        Tasks appear here as bars. Drag a bar to move it, and draw a line from one to another to say what waits for
        what. Make the first task on the board.
      </Empty>
    );
  }
  return <Chart project={key} timeline={timeline.data} baseline={baseline} setBaseline={setBaseline} />;
}
