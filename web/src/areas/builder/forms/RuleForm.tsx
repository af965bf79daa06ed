/** The rule as a whole: why it exists, how often and how much it may run, and who is told when it fails. */
import { Accordion, NumberInput, Select, Stack, Switch, Text, Textarea } from '@mantine/core';
import { useBuilder, useProblemsAt } from '../model/builder';
import type { Path } from '../model/path';
import { textOf } from '../words/parts';
import { policyWords } from '../words/rule';
import { FieldProblems } from './FieldProblems';
import { PeriodField } from './PeriodField';
import { RecipientsPick } from './SchemaField';
import { SmartField } from './SmartField';

export function RuleForm() {
  const { rule, set, readOnly, problems } = useBuilder();
  const said = policyWords(rule).map(textOf);
  return (
    <Stack gap="md">
      <FieldProblems problems={(problems.get('') ?? []).filter(({ pointer }) => !pointer.startsWith('/policy'))} />
      <Textarea
        label="What it is for"
        placeholder="Why this rule exists, for whoever comes later"
        autosize
        minRows={2}
        readOnly={readOnly}
        value={rule.description ?? ''}
        onChange={(event) => set(['description'], event.currentTarget.value || undefined)}
      />
      {said.length > 0 && (
        <Text size="sm" c="dimmed">
          {said.join(' ')}
        </Text>
      )}
      <Accordion variant="contained" chevronPosition="left" multiple>
        <Accordion.Item value="often">
          <Accordion.Control>How often it may run</Accordion.Control>
          <Accordion.Panel>
            <Often />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="much">
          <Accordion.Control>How much it may do</Accordion.Control>
          <Accordion.Panel>
            <Much />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="rules">
          <Accordion.Control>Answering to other rules</Accordion.Control>
          <Accordion.Panel>
            <OtherRules />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="fails">
          <Accordion.Control>When it fails</Accordion.Control>
          <Accordion.Panel>
            <Fails />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

const at = (...rest: Path): Path => ['policy', ...rest];

/** A limit that is there or not, with what it says where it is. */
function Limit({
  label,
  about,
  there,
  path,
  blank,
  children,
}: {
  label: string;
  about: string;
  there: boolean;
  path: Path;
  blank: object;
  children: React.ReactNode;
}) {
  const { set, readOnly } = useBuilder();
  const problems = useProblemsAt(`/${path.join('/')}`, true);
  return (
    <div>
      <Switch
        label={label}
        description={about}
        disabled={readOnly}
        checked={there}
        onChange={(event) => set(path, event.currentTarget.checked ? blank : undefined)}
      />
      {there && (
        <Stack gap="xs" mt="xs" ps="md">
          {children}
        </Stack>
      )}
      {there && <FieldProblems problems={problems} />}
    </div>
  );
}

function Key({ path, value }: { path: Path; value: string }) {
  const { set } = useBuilder();
  return (
    <SmartField
      label="The same what"
      description="An expression: task.id, body.order"
      mode="expression"
      path={path}
      value={value}
      onChange={(next) => set(path, next)}
      quiet
    />
  );
}

function Often() {
  const { rule, set, readOnly } = useBuilder();
  const { concurrency, throttle, debounce, dedupe, priority } = rule.policy ?? {};
  return (
    <Stack gap="md">
      <Limit
        label="One at a time"
        about="Runs about the same thing never overlap."
        there={Boolean(concurrency)}
        path={at('concurrency')}
        blank={{ key: 'task.id', on_busy: 'queue' }}
      >
        <Key path={at('concurrency', 'key')} value={concurrency?.key ?? ''} />
        <Select
          label="When one still goes, the next"
          readOnly={readOnly}
          allowDeselect={false}
          data={[
            { value: 'queue', label: 'Waits' },
            { value: 'drop', label: 'Is skipped' },
            { value: 'replace', label: 'Replaces it' },
          ]}
          value={concurrency?.on_busy ?? 'queue'}
          onChange={(next) => set(at('concurrency', 'on_busy'), next)}
        />
      </Limit>
      <Limit
        label="At most so often"
        about="What is more begins later."
        there={Boolean(throttle)}
        path={at('throttle')}
        blank={{ runs: 10, per: '1m' }}
      >
        <NumberInput
          label="Runs"
          min={1}
          readOnly={readOnly}
          value={throttle?.runs ?? ''}
          onChange={(next) => set(at('throttle', 'runs'), Number(next) || 1)}
        />
        <PeriodField label="In" value={throttle?.per} onChange={(next) => set(at('throttle', 'per'), next ?? '1m')} />
      </Limit>
      <Limit
        label="Wait until it is quiet"
        about="Of several events in a row, the last one counts."
        there={Boolean(debounce)}
        path={at('debounce')}
        blank={{ key: 'task.id', for: '30s' }}
      >
        <PeriodField
          label="Quiet for"
          value={debounce?.for}
          onChange={(next) => set(at('debounce', 'for'), next ?? '30s')}
        />
        <Key path={at('debounce', 'key')} value={debounce?.key ?? ''} />
      </Limit>
      <Limit
        label="Only once"
        about="A second event about the same thing starts nothing."
        there={Boolean(dedupe)}
        path={at('dedupe')}
        blank={{ key: 'task.id' }}
      >
        <Key path={at('dedupe', 'key')} value={dedupe?.key ?? ''} />
        <PeriodField
          label="Within"
          description="For ever when left out."
          value={dedupe?.within}
          onChange={(next) => set(at('dedupe', 'within'), next)}
        />
      </Limit>
      <NumberInput
        label="Priority"
        description="Higher goes first when runs wait; 0 is usual."
        min={-100}
        max={100}
        readOnly={readOnly}
        value={priority ?? ''}
        onChange={(next) => set(at('priority'), next === '' ? undefined : Number(next))}
      />
    </Stack>
  );
}

function Much() {
  const { rule, set, readOnly } = useBuilder();
  const budget = rule.policy?.budget ?? {};
  const field = (key: 'runs_per_day' | 'http' | 'notifications' | 'ms', label: string, description?: string) => (
    <NumberInput
      label={label}
      description={description}
      min={0}
      readOnly={readOnly}
      thousandSeparator
      value={budget[key] ?? ''}
      onChange={(next) => set(at('budget', key), next === '' ? undefined : Number(next))}
    />
  );
  return (
    <Stack gap="sm">
      {field('runs_per_day', 'Runs a day', 'What is more waits for the next day; you are told.')}
      {field('http', 'Calls to other services in a run')}
      {field('notifications', 'Notifications in a run')}
      {field('ms', 'Milliseconds of work in a run', 'Waiting does not count.')}
    </Stack>
  );
}

function OtherRules() {
  const { rule, set, readOnly } = useBuilder();
  const cause = rule.policy?.cause;
  return (
    <Stack gap="sm">
      <Switch
        label="What other rules do may start it"
        description="Without this, no loop can come about by mistake."
        disabled={readOnly}
        checked={cause?.accept_rules ?? false}
        onChange={(event) => set(at('cause', 'accept_rules'), event.currentTarget.checked || undefined)}
      />
      <NumberInput
        label="How many rules in a row at most"
        min={1}
        readOnly={readOnly}
        placeholder="5"
        value={cause?.max_depth ?? ''}
        onChange={(next) => set(at('cause', 'max_depth'), next === '' ? undefined : Number(next))}
      />
    </Stack>
  );
}

function Fails() {
  const { rule, set, readOnly } = useBuilder();
  const { notify, pause_after } = rule.on_failure ?? {};
  return (
    <Stack gap="sm">
      <RecipientsPick
        label="Who is told"
        required={false}
        readOnly={readOnly}
        words={['owner', 'project.owner']}
        value={notify}
        onChange={(next) => set(['on_failure', 'notify'], (next as string[]).length > 0 ? next : undefined)}
      />
      <NumberInput
        label="Pause it after so many failures in a row"
        min={1}
        readOnly={readOnly}
        value={pause_after ?? ''}
        onChange={(next) => set(['on_failure', 'pause_after'], next === '' ? undefined : Number(next))}
      />
    </Stack>
  );
}
