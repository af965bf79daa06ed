import {
  Alert,
  Badge,
  Button,
  Grid,
  Group,
  Menu,
  Modal,
  Paper,
  SegmentedControl,
  Skeleton,
  Stack,
  Text,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBan, IconChevronDown, IconEye, IconHourglass, IconRefresh } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Again, Run } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { RuleCanvas } from '~/areas/builder/canvas/RuleCanvas';
import { pointerOf } from '~/areas/builder/model/path';
import { stepIdOf } from '~/areas/builder/model/steps';
import { ruleQuery } from '~/areas/rules/queries';
import { sentence } from '~/areas/rules/words';
import { useTopic } from '~/live/live';
import { Confirm } from '~/parts/Confirm';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { say } from '~/parts/toast';
import { usePhone } from '~/parts/usePhone';
import { Journal } from './Journal';
import { type Line, lines as linesOf, marksOf } from './journal';
import { cancel, ruleVersionQuery, runQuery, useRerun } from './queries';
import { RunFacts } from './RunFacts';
import { RunMark } from './StateMark';
import { StepDetail } from './StepDetail';
import { WaitsFor } from './WaitsFor';
import { errorWords, isOver, RUN_STATES } from './words';

/** One run: what started it, what each step did, what it waits for, and what can be done about it. */
export function RunPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const run = useQuery(runQuery(id));
  const client = useQueryClient();
  useTopic(`run:${id}`, { onEvent: () => void client.invalidateQueries({ queryKey: ['runs', 'one', id] }) });
  if (run.isPending) {
    return (
      <Page title="Run" above={[{ to: '/runs', label: 'Runs' }]}>
        <Skeleton height={360} aria-busy="true" aria-label="The run is being loaded" />
      </Page>
    );
  }
  if (!run.data) {
    return (
      <Page title="Run" above={[{ to: '/runs', label: 'Runs' }]}>
        <ProblemAlert error={run.error} retry={() => void run.refetch()} />
      </Page>
    );
  }
  return <Shown key={id} run={run.data} />;
}

function Shown({ run }: { run: Run }) {
  const { step: chosen } = useSearch({ strict: false }) as { step?: string };
  const navigate = useNavigate();
  const phone = usePhone();
  const mayManage = useMay('run.manage');
  const again = useRepeat(run);
  const version = useQuery(ruleVersionQuery(run.rule, run.rule_version));
  const lines = linesOf(run, version.data?.rule);
  const line = lines.find(({ step }) => step.path === chosen);
  const [face, setFace] = useState(phone ? 'list' : 'drawing');
  const drawable = phone ? undefined : version.data?.rule;
  // A step within a loop is one node with many lines.
  const passes = line ? lines.filter(({ step }) => stepIdOf(step.path) === stepIdOf(line.step.path)) : [];
  const choose = (path?: string) =>
    void navigate({
      to: '/runs/$id',
      params: { id: run.id } as never,
      search: { step: path === chosen ? undefined : path } as never,
      replace: true,
      resetScroll: false,
    });
  const detail = line && (
    <StepDetail
      run={run}
      line={line}
      close={() => choose(undefined)}
      again={mayManage && isOver(run.state) ? () => again.repeat({ from: line.step.path }) : undefined}
      busy={again.isPending}
    />
  );
  return (
    <Page
      title={run.rule_name}
      tab={`Run of ${run.rule_name}`}
      above={[
        { to: '/runs', label: 'Runs' },
        { to: `/rules/${run.rule}`, label: run.rule_name },
      ]}
      beside={
        <Group gap="xs" role="status">
          <RunMark state={run.state} size="md" />
          {run.mode === 'shadow' && (
            <Badge variant="default" tt="none" fw={500}>
              only watched
            </Badge>
          )}
        </Group>
      }
      actions={mayManage && <Actions run={run} again={again} />}
    >
      {run.mode === 'shadow' && (
        <Alert icon={<IconEye aria-hidden />} color="violet" py="xs">
          The rule was only watching: this is what it would have done. Nothing of it was done.
        </Alert>
      )}
      {run.error && (
        <Alert
          color={run.state === 'skipped' || run.state === 'cancelled' ? 'gray' : 'red'}
          title={errorWords(run.error.code)}
          py="sm"
        >
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {sentence(run.error.message)}
          </Text>
          {run.error.step && lines.some(({ step }) => step.path === run.error?.step) && (
            <Button size="compact-sm" variant="default" mt="xs" onClick={() => choose(run.error?.step ?? undefined)}>
              Show the step
            </Button>
          )}
        </Alert>
      )}
      {run.waiting && !isOver(run.state) && (
        <Alert icon={<IconHourglass aria-hidden />} color="violet" py="xs">
          <WaitsFor waiting={run.waiting} />
        </Alert>
      )}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: detail ? 7 : 8 }}>
          <Stack gap="xs">
            {drawable && (
              <SegmentedControl
                aria-label="How the run is shown"
                data={FACES}
                value={face}
                onChange={setFace}
                style={{ alignSelf: 'flex-start' }}
              />
            )}
            {drawable && face === 'drawing' ? (
              <Paper withBorder bg="var(--app-card)" style={{ overflow: 'hidden' }}>
                <RuleCanvas
                  rule={drawable}
                  marks={marksOf(run)}
                  selected={line?.place && pointerOf(line.place)}
                  onSelect={({ paths }) => paths.length > 0 && choose(worst(lines, paths))}
                  height={560}
                />
              </Paper>
            ) : (
              <Paper withBorder p="xs" bg="var(--app-card)">
                <Journal lines={lines} chosen={chosen} choose={choose} />
              </Paper>
            )}
            {passes.length > 1 && face === 'drawing' && (
              <Paper withBorder p="xs" bg="var(--app-card)">
                <Journal lines={passes} chosen={chosen} choose={choose} />
              </Paper>
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: detail ? 5 : 4 }}>
          <Stack>
            {!phone && detail}
            <RunFacts run={run} />
          </Stack>
        </Grid.Col>
      </Grid>
      {phone && (
        <Modal opened={!!detail} onClose={() => choose(undefined)} fullScreen withCloseButton={false} padding={0}>
          {detail}
        </Modal>
      )}
    </Page>
  );
}

const FACES = [
  { value: 'drawing', label: 'Drawing' },
  { value: 'list', label: 'List' },
];

/** Of the lines of one node the one that is worth looking at first: what failed, else the first. */
const worst = (lines: Line[], paths: string[]) =>
  lines.find(({ step }) => step.error && paths.includes(step.path))?.step.path ?? paths[0];

/** Repeats a run and goes to the new one. */
function useRepeat(run: Run) {
  const navigate = useNavigate();
  const again = useRerun();
  const repeat = (how: Again) =>
    again.mutate(
      { id: run.id, ...how },
      {
        onSuccess: ({ id }) => {
          say(how.from ? `Began again at “${how.from}”.` : 'Began again.');
          void navigate({ to: '/runs/$id', params: { id } as never });
        },
      },
    );
  return { repeat, isPending: again.isPending };
}

function Actions({ run, again }: { run: Run; again: ReturnType<typeof useRepeat> }) {
  const client = useQueryClient();
  const [asking, ask] = useDisclosure();
  const rule = useQuery({ ...ruleQuery(run.rule), retry: false });
  const newest = rule.data && rule.data.version > run.rule_version ? rule.data.version : undefined;
  if (!isOver(run.state)) {
    return (
      <>
        <Button variant="default" leftSection={<IconBan size={16} />} onClick={ask.open}>
          Cancel
        </Button>
        <Confirm
          opened={asking}
          close={ask.close}
          title="Cancel this run?"
          action="Cancel the run"
          run={async () => {
            const { state } = await cancel(run.id);
            say(state === 'cancelled' ? 'The run is cancelled.' : `It had ended before: ${RUN_STATES[state].label}.`);
            await client.invalidateQueries({ queryKey: ['runs'] });
          }}
        >
          What it has done stays; what comes next is not done. You can repeat it later.
        </Confirm>
      </>
    );
  }
  return (
    <Button.Group>
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} />}
        onClick={() => again.repeat({})}
        loading={again.isPending}
      >
        Re-run
      </Button>
      {newest && (
        <Menu position="bottom-end" width={260}>
          <Menu.Target>
            <Button variant="default" px={8} aria-label="Which version">
              <IconChevronDown size={16} aria-hidden />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => again.repeat({})}>On the same version ({run.rule_version})</Menu.Item>
            <Menu.Item onClick={() => again.repeat({ version: 'newest' })}>On the newest version ({newest})</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </Button.Group>
  );
}
