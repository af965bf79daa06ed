import { Badge, Button, Group, PasswordInput, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import { FormModal } from '~/parts/FormModal';
import { Loaded } from '~/parts/Loaded';
import { Panel } from '~/parts/Panel';
import { factorQuery } from './queries';
import { SetUpFactor } from './SetUpFactor';

/** Whether signing in asks for a code of an app on one's phone. */
export function Factor() {
  const factor = useQuery(factorQuery);
  const [setting, setUp] = useDisclosure();
  const [removing, remove] = useDisclosure();
  return (
    <Panel
      title="Second factor"
      lead="Signing in then also asks for a code that an app on your phone shows. A password alone is of no use to a thief."
    >
      <Loaded query={factor} height={36}>
        {({ enabled, recovery_codes }) => (
          <Group justify="space-between">
            <Group gap="xs">
              <Badge variant="default" tt="none" fw={500}>
                {enabled ? 'On' : 'Off'}
              </Badge>
              {enabled && <Text size="sm">{recovery_codes} recovery codes left</Text>}
            </Group>
            <Button variant="default" onClick={enabled ? remove.open : setUp.open}>
              {enabled ? 'Turn it off' : 'Set it up'}
            </Button>
          </Group>
        )}
      </Loaded>
      <SetUpFactor opened={setting} close={setUp.close} />
      <FormModal
        opened={removing}
        close={remove.close}
        title="Turn the second factor off"
        initial={{ password: '' }}
        action="Turn it off"
        run={(body) => ask(api.POST('/api/v1/me/second-factor/remove', { body }))}
        touches="factor"
      >
        {(form) => (
          <PasswordInput
            label="Your password"
            autoComplete="current-password"
            required
            data-autofocus
            {...form.getInputProps('password')}
          />
        )}
      </FormModal>
    </Panel>
  );
}
