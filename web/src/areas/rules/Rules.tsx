import {
  Alert,
  Anchor,
  Button,
  Group,
  Paper,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconAlertTriangle, IconBolt, IconPlus, IconSearch, IconTemplate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { RuleInfo, RuleState } from '~/api/schema';
import { useMay } from '~/areas/account/queries';
import { projectsQuery } from '~/areas/projects/queries';
import { Empty } from '~/parts/Empty';
import { Page } from '~/parts/Page';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { usePhone } from '~/parts/usePhone';
import { ImportRules } from './ImportRules';
import { healthLinesQuery, rulesQuery } from './queries';
import { RuleCard, RuleTable } from './RuleRows';
import type { RulesSearch } from './routes';

/** Every rule of the workspace: how it stands, how it does, and the switch. */
export function Rules() {
  const search = useSearch({ strict: false }) as RulesSearch;
  const mayEdit = useMay('rule.edit');
  const maySeeLevels = useMay('sla.view');
  const rules = useQuery(rulesQuery);
  const health = useQuery(healthLinesQuery);
  const phone = usePhone();
  const found = rules.data && filtered(rules.data, search);
  const lines = health.data ?? new Map();
  return (
    <Page
      title="Rules"
      lead="A rule does the work that always follows the same event: it waits for something to happen, checks, and acts."
      actions={
        <>
          {maySeeLevels && (
            <Button component={Link} to="/rules/slas" variant="subtle">
              Service levels
            </Button>
          )}
          {mayEdit && (
            <>
              <ImportRules />
              <Button component={Link} to="/rules/templates" variant="default" leftSection={<IconTemplate size={16} />}>
                Templates
              </Button>
              <Button component={Link} to={'/rules/new' as '/'} leftSection={<IconPlus size={16} />}>
                New rule
              </Button>
            </>
          )}
        </>
      }
    >
      {rules.data && rules.data.length > 0 && <Filters rules={rules.data} search={search} />}
      <ProblemAlert error={rules.error} retry={() => void rules.refetch()} />
      {rules.isPending && <Loading />}
      {rules.data?.length === 0 && <NoRules mayEdit={mayEdit} />}
      {found && rules.data.length > 0 && found.length === 0 && (
        <Empty icon={IconSearch} title="No rule fits">
          Other words, or another state, may find more.{' '}
          <Anchor component={Link} to="/rules" size="sm">
            Show all rules
          </Anchor>
        </Empty>
      )}
      {found &&
        found.length > 0 &&
        (phone ? (
          <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
            {found.map((rule) => (
              <RuleCard key={rule.id} rule={rule} health={lines.get(rule.id)} />
            ))}
          </Stack>
        ) : (
          <RuleTable rules={found} health={lines} />
        ))}
    </Page>
  );
}

function filtered(rules: RuleInfo[], { q, state, project }: RulesSearch): RuleInfo[] {
  const words = q?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  return rules.filter((rule) => {
    const text = `${rule.name} ${rule.rule.description ?? ''}`.toLowerCase();
    const projects = rule.rule.scope?.projects ?? [];
    return (
      (!state || rule.state === state) &&
      (!project || projects.length === 0 || projects.includes(project)) &&
      words.every((word) => text.includes(word))
    );
  });
}

const STATES: [RuleState | 'all', string][] = [
  ['all', 'All'],
  ['enabled', 'On'],
  ['shadow', 'Watching'],
  ['paused', 'Paused'],
  ['draft', 'Drafts'],
];

function Filters({ rules, search }: { rules: RuleInfo[]; search: RulesSearch }) {
  const navigate = useNavigate();
  const phone = usePhone();
  const { data: projects = [] } = useQuery(projectsQuery);
  const go = (change: Partial<RulesSearch>) =>
    void navigate({ to: '/rules', search: { ...search, ...change }, replace: true });
  const broken = rules.filter(({ paused_because }) => paused_because).length;
  const count = (state: string) => rules.filter((rule) => state === 'all' || rule.state === state).length;
  const state = search.state ?? 'all';
  const turn = (next: string | null) => go({ state: !next || next === 'all' ? undefined : (next as RuleState) });
  return (
    <Stack gap="sm">
      {broken > 0 && search.state !== 'paused' && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} py="xs">
          <Group justify="space-between" gap="xs">
            <Text size="sm">
              {broken === 1
                ? 'One rule was paused because it kept failing.'
                : `${broken} rules were paused because they kept failing.`}
            </Text>
            <Anchor component="button" type="button" size="sm" onClick={() => go({ state: 'paused' })}>
              Show them
            </Anchor>
          </Group>
        </Alert>
      )}
      <Group gap="sm">
        {phone ? (
          <Select
            aria-label="State"
            allowDeselect={false}
            value={state}
            onChange={turn}
            data={STATES.map(([value, label]) => ({ value, label: `${label} (${count(value)})` }))}
            style={{ flex: '1 1 120px' }}
          />
        ) : (
          <SegmentedControl
            aria-label="State"
            value={state}
            onChange={turn}
            data={STATES.map(([value, label]) => ({
              value,
              label: (
                <span>
                  {label} <span style={{ opacity: 0.75 }}>{count(value)}</span>
                </span>
              ),
            }))}
            size="sm"
          />
        )}
        <TextInput
          aria-label="Find a rule"
          placeholder="Find a rule"
          leftSection={<IconSearch size={16} aria-hidden />}
          defaultValue={search.q ?? ''}
          onChange={(event) => go({ q: event.currentTarget.value || undefined })}
          style={{
            flex: phone ? '1 1 100%' : '1 1 160px',
            maxWidth: phone ? undefined : 320,
            order: phone ? -1 : undefined,
          }}
        />
        <Select
          aria-label="Project"
          placeholder="All projects"
          clearable
          searchable
          data={projects.map(({ key, name }) => ({ value: key, label: name }))}
          value={search.project ?? null}
          onChange={(project) => go({ project: project ?? undefined })}
          style={{ flex: phone ? '1 1 120px' : '0 1 200px' }}
        />
      </Group>
    </Stack>
  );
}

function NoRules({ mayEdit }: { mayEdit: boolean }) {
  return (
    <Empty
      icon={IconBolt}
      title="Nothing is automatic yet"
      actions={
        mayEdit && (
          <Group justify="center" gap="xs" mt="xs">
            <Button component={Link} to="/rules/templates" leftSection={<IconTemplate size={16} />}>
              Start from a template
            </Button>
            <Button component={Link} to={'/rules/new' as '/'} variant="default">
              Build one yourself
            </Button>
          </Group>
        )
      }
    >
      When a bug comes in, give it to whoever has least to do. When work has been blocked for a day, tell its manager.
      Pick one of the templates, say for which project, and it is on.
      {!mayEdit && ' Ask an administrator or a project manager to make the first one.'}
    </Empty>
  );
}

function Loading() {
  return (
    <Paper withBorder p="md" bg="var(--app-card)" aria-busy="true" aria-label="Rules are being loaded">
      <Stack>
        {Array.from({ length: 6 }, (_, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows of a placeholder have nothing else.
          <Skeleton key={row} height={36} />
        ))}
      </Stack>
    </Paper>
  );
}
