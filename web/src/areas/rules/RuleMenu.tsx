import { ActionIcon, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconCopy,
  IconDots,
  IconDownload,
  IconEye,
  IconHandStop,
  IconHeartRateMonitor,
  IconHelpCircle,
  IconHistory,
  IconPencil,
  IconPlayerPlay,
  IconTrash,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { RuleInfo } from '~/api/schema';
import { useMay, useMe } from '~/areas/account/queries';
import { Confirm } from '~/parts/Confirm';
import { say } from '~/parts/toast';
import { deleteRule, saveAsFile, useDuplicateRule, useTakeRule } from './queries';
import { RunByHand } from './RunByHand';

/** What can be done with a rule, for those who may. */
export function RuleMenu({ rule, onDeleted }: { rule: RuleInfo; onDeleted?: () => void }) {
  const { data: me } = useMe();
  const mayEdit = useMay('rule.edit');
  const mayRun = useMay('rule.run');
  const mayAsk = useMay('run.view');
  const client = useQueryClient();
  const navigate = useNavigate();
  const duplicate = useDuplicateRule();
  const take = useTakeRule();
  const [running, run] = useDisclosure();
  const [deleting, remove] = useDisclosure();
  const id = rule.id;
  const runnable = mayRun && rule.state === 'enabled' && rule.rule.trigger.on === 'manual';
  const copy = () =>
    duplicate.mutate(rule, {
      onSuccess: (saved) => {
        say('It is a draft: change what is to be different, then switch it on.', `Made “${saved.name}”`);
        void navigate({ to: `/rules/${saved.id}` as '/' });
      },
    });
  return (
    <>
      <Menu position="bottom-end" width={230} withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More about ${rule.name}`}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {runnable && (
            <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={run.open}>
              Run now…
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconPencil size={16} />} component={Link} to={`/rules/${id}` as '/'}>
            {mayEdit ? 'Edit' : 'Open'}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconHeartRateMonitor size={16} />}
            component={Link}
            to={`/rules/${id}/health` as '/'}
          >
            How it does
          </Menu.Item>
          {mayAsk && (
            <>
              <Menu.Item
                leftSection={<IconHistory size={16} />}
                component={Link}
                to="/runs"
                search={{ rule: id } as never}
              >
                Its runs
              </Menu.Item>
              <Menu.Item leftSection={<IconHelpCircle size={16} />} component={Link} to={`/rules/${id}/why-not` as '/'}>
                Why did it not run?
              </Menu.Item>
              <Menu.Item leftSection={<IconEye size={16} />} component={Link} to={`/rules/${id}/shadow-report` as '/'}>
                What it saw while watching
              </Menu.Item>
            </>
          )}
          <Menu.Divider />
          <Menu.Item leftSection={<IconDownload size={16} />} onClick={() => void saveAsFile(rule.rule)}>
            Save as a file
          </Menu.Item>
          {mayEdit && (
            <>
              <Menu.Item leftSection={<IconCopy size={16} />} onClick={copy}>
                Duplicate
              </Menu.Item>
              {me && rule.owner !== me.user.id && (
                <Menu.Item leftSection={<IconHandStop size={16} />} onClick={() => take.mutate(id)}>
                  Make it mine
                </Menu.Item>
              )}
              <Menu.Item color="red.8" leftSection={<IconTrash size={16} />} onClick={remove.open}>
                Delete…
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {runnable && <RunByHand rule={rule} opened={running} close={run.close} />}
      <Confirm
        opened={deleting}
        close={remove.close}
        title={`Delete “${rule.name}”?`}
        action="Delete rule"
        run={async () => {
          await deleteRule(id);
          say(`“${rule.name}” is deleted`);
          onDeleted?.();
          await client.invalidateQueries({ queryKey: ['rules'] });
        }}
      >
        It starts no more runs, and this cannot be undone. To keep it for later, pause it instead, or save it as a file
        first.
      </Confirm>
    </>
  );
}
