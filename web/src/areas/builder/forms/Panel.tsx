/** The editor at the side: of the node that is chosen, or of the rule as a whole. On a narrow screen it is a sheet. */
import { Button, Drawer, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useBuilder } from '../model/builder';
import { ConditionForm } from './ConditionForm';
import classes from './forms.module.css';
import { RuleForm } from './RuleForm';
import { StepForm } from './StepForm';
import { TriggerForm } from './TriggerForm';

function Editor({ selected }: { selected: string }) {
  if (selected === '/trigger') return <TriggerForm />;
  if (selected === '/condition') return <ConditionForm />;
  return <StepForm pointer={selected} />;
}

/** What is said of the rule as a whole. */
export function Whole() {
  return (
    <>
      <div className={classes.head}>
        <Title order={2} size="h5">
          The rule as a whole
        </Title>
        <Text size="xs" c="dimmed">
          Choose a card to change what it does.
        </Text>
      </div>
      <Stack p="md">
        <RuleForm />
      </Stack>
    </>
  );
}

/** Beside the page. */
export function Panel() {
  const { selected } = useBuilder();
  return selected ? <Editor key={selected} selected={selected} /> : <Whole />;
}

/** As a sheet over the page, where there is no room beside it; `covered` is what lies over the editor. */
export function PanelSheet({ covered, onCoverClose }: { covered?: ReactNode; onCoverClose(): void }) {
  const { selected, select } = useBuilder();
  const close = () => (covered ? onCoverClose() : select(undefined));
  return (
    <Drawer.Root opened={covered !== undefined || selected !== undefined} onClose={close} position="right" size="100%">
      <Drawer.Content aria-label="Editor">
        <Drawer.Body p={0}>
          {covered ?? (selected && <Editor key={selected} selected={selected} />)}
          <Stack p="md">
            <Button onClick={close}>Done</Button>
          </Stack>
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
