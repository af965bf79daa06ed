/** The editor at the side: of the node that is chosen, or of the rule as a whole. On a narrow screen it is a sheet. */
import { Button, Drawer, Stack, Text, Title } from '@mantine/core';
import { IconSettings } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
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

function Whole() {
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

interface Props {
  /** As a sheet over the page, where there is no room beside it. */
  drawer?: boolean;
  /** What lies over the editor: a trial, the versions. */
  covered?: ReactNode;
  onCoverClose?(): void;
}

export function Panel({ drawer, covered, onCoverClose }: Props) {
  const { selected, select } = useBuilder();
  const [whole, setWhole] = useState(false);
  if (!drawer) return selected ? <Editor key={selected} selected={selected} /> : <Whole />;
  const close = () => {
    if (covered) onCoverClose?.();
    else select(undefined);
    setWhole(false);
  };
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconSettings size={16} aria-hidden />}
        onClick={() => setWhole(true)}
        style={{ position: 'fixed', insetBlockEnd: 72, insetInlineEnd: 12, zIndex: 20 }}
      >
        Settings
      </Button>
      <Drawer
        opened={covered !== undefined || selected !== undefined || whole}
        onClose={close}
        position="right"
        size="100%"
        withCloseButton={false}
        padding={0}
        aria-label="Editor"
      >
        {covered ?? (selected ? <Editor key={selected} selected={selected} /> : <Whole />)}
        <Stack p="md">
          <Button onClick={close}>Done</Button>
        </Stack>
      </Drawer>
    </>
  );
}
