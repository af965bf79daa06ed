/** The editor of one step: what it does, and what happens when it fails. */
import { Accordion, Alert, NumberInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { Step } from '~/api/schema';
import { useBuilder } from '../model/builder';
import { renameStep } from '../model/edit';
import { at, type Path, pathOf, pointerOf } from '../model/path';
import { kindOf } from '../model/steps';
import { useActions } from '../queries';
import { actionName } from '../words/actions';
import { KIND_ABOUT, stepTitle } from '../words/steps';
import { ApproveForm } from './ApproveForm';
import { CallForm } from './CallForm';
import { ExpressionEditor } from './ConditionForm';
import { FieldProblems } from './FieldProblems';
import { BranchForm, LoopForm, ParallelForm, ScriptForm, StopForm } from './FlowForms';
import { PanelHead } from './PanelHead';
import { PeriodField } from './PeriodField';
import { Pick } from './SchemaField';
import { SchemaForm } from './SchemaForm';
import { SmartField } from './SmartField';
import { WaitForm } from './WaitForm';

export function StepForm({ pointer }: { pointer: string }) {
  const { rule, problems, readOnly } = useBuilder();
  const path = pathOf(pointer);
  const step = at(rule, path) as Step;
  const kind = kindOf(step);
  // What no field below shows by itself: a step that does nothing, a name that is there twice.
  const own = (problems.get(pointer) ?? []).filter(
    (one) =>
      one.pointer === pointer ||
      one.pointer === `${pointer}/id` ||
      one.pointer === `${pointer}/action` ||
      one.pointer === `${pointer}/with`,
  );
  const about = useActions().get(step.action ?? '');
  return (
    <>
      <PanelHead
        title={stepTitle(step)}
        about={about?.summary ?? (kind === 'action' ? step.action! : KIND_ABOUT[kind])}
      />
      <Stack p="md" gap="md">
        <FieldProblems problems={own} />
        {about?.external && (
          <Text size="xs" c="dimmed">
            This calls another service. It is tried again by itself when no answer comes.
          </Text>
        )}
        <Body key={pointer} step={step} path={path} />
        <Accordion variant="contained" chevronPosition="left">
          <Accordion.Item value="fails">
            <Accordion.Control>If it fails, and its name</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="sm">
                {!['stop', 'if'].includes(kind) && <OnError step={step} path={path} />}
                <Identity key={step.id} step={step} path={path} readOnly={readOnly} />
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      </Stack>
    </>
  );
}

function Body({ step, path }: { step: Step; path: Path }) {
  switch (kindOf(step)) {
    case 'action':
      return <ActionForm step={step} path={path} />;
    case 'if':
      return <BranchForm step={step} path={path} Editor={ExpressionEditor} />;
    case 'for_each':
      return <LoopForm step={step} path={path} />;
    case 'wait':
      return <WaitForm step={step} path={path} />;
    case 'approve':
      return <ApproveForm step={step} path={path} />;
    case 'parallel':
      return <ParallelForm step={step} path={path} />;
    case 'call':
      return <CallForm step={step} path={path} />;
    case 'script':
      return <ScriptForm step={step} path={path} />;
    case 'stop':
      return <StopForm step={step} path={path} />;
    default:
      return <Alert color="yellow">This step says nothing to do. Delete it, or write what it does as code.</Alert>;
  }
}

function ActionForm({ step, path }: { step: Step; path: Path }) {
  const { set, readOnly } = useBuilder();
  const actions = useActions();
  const action = actions.get(step.action ?? '');
  return (
    <Stack gap="sm">
      <Pick
        label="Action"
        required
        readOnly={readOnly}
        value={step.action}
        options={[...actions.values()].map(({ name }) => ({ value: name, label: `${actionName(name)} (${name})` }))}
        onChange={(name) => name && set([...path, 'action'], name)}
      />
      {action ? (
        <SchemaForm key={action.name} action={action} path={[...path, 'with']} given={step.with ?? {}} />
      ) : (
        actions.size > 0 && <Text size="sm">There is no action of that name. Choose another.</Text>
      )}
    </Stack>
  );
}

function OnError({ step, path }: { step: Step; path: Path }) {
  const { set, readOnly } = useBuilder();
  const { on_error, retry } = step;
  const value = Array.isArray(on_error) ? 'steps' : (on_error ?? 'fail');
  const tried = ['action', 'call', 'script'].includes(kindOf(step));
  return (
    <>
      <Select
        label="When it has failed"
        readOnly={readOnly}
        allowDeselect={false}
        value={String(value)}
        data={[
          { value: 'fail', label: 'The run fails' },
          { value: 'continue', label: 'Go on with the next step' },
          { value: 'steps', label: 'Do other steps, then go on' },
        ]}
        onChange={(next) => set([...path, 'on_error'], next === 'fail' ? undefined : next === 'steps' ? [] : next)}
      />
      {tried && (
        <>
          <NumberInput
            label="Try again how often"
            description="Left out: three times for other services, else not at all."
            readOnly={readOnly}
            min={0}
            max={20}
            value={retry?.max ?? ''}
            onChange={(next) => set([...path, 'retry'], next === '' ? undefined : { ...retry, max: Number(next) })}
          />
          {retry && (
            <>
              <Select
                label="The pause between attempts"
                readOnly={readOnly}
                value={retry.backoff ?? 'exponential'}
                allowDeselect={false}
                data={[
                  { value: 'exponential', label: 'Doubles each time' },
                  { value: 'constant', label: 'Stays the same' },
                ]}
                onChange={(next) => set([...path, 'retry', 'backoff'], next)}
              />
              <PeriodField
                label="The first pause"
                value={retry.delay}
                onChange={(next) => set([...path, 'retry', 'delay'], next)}
              />
              <PeriodField
                label="The longest pause"
                value={retry.max_delay}
                onChange={(next) => set([...path, 'retry', 'max_delay'], next)}
              />
              <SmartField
                label="Only if"
                description="Sees error.message and error.status."
                mode="expression"
                path={[...path, 'retry', 'if']}
                value={retry.if ?? ''}
                onChange={(next) => set([...path, 'retry', 'if'], next || undefined)}
              />
            </>
          )}
        </>
      )}
      {tried && (
        <PeriodField
          label="Give up an attempt after"
          value={step.timeout}
          onChange={(next) => set([...path, 'timeout'], next)}
        />
      )}
    </>
  );
}

function Identity({ step, path, readOnly }: { step: Step; path: Path; readOnly: boolean }) {
  const { change, set } = useBuilder();
  return (
    <>
      <TextInput
        label="Name for its result"
        description={`Steps behind it see steps.${step.id || '…'}.output`}
        defaultValue={step.id}
        readOnly={readOnly}
        onBlur={(event) => {
          const id = event.currentTarget.value.trim();
          if (id && id !== step.id && /^[A-Za-z]\w*$/.test(id)) change((old) => renameStep(old, path, id));
        }}
      />
      <Textarea
        label="Note"
        description="What people should know about it; shown on its card."
        value={step.description ?? ''}
        autosize
        minRows={1}
        readOnly={readOnly}
        onChange={(event) => set([...path, 'description'], event.currentTarget.value || undefined)}
      />
      <Text size="xs" c="dimmed">
        Place in the rule: {pointerOf(path)}
      </Text>
    </>
  );
}
