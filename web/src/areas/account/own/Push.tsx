import { Button, Text } from '@mantine/core';
import { IconBellRinging, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Loaded } from '~/parts/Loaded';
import { Panel } from '~/parts/Panel';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { pushesQuery } from './queries';
import { beginPush, canPush, endPush, ownPush } from './webPush';

/** The browsers in which one is told also when no page is open. */
export function Push() {
  const pushes = useQuery(pushesQuery);
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ['push'] });
  const begin = useMutation({ mutationFn: beginPush, meta: { quiet: true }, onSettled: again });
  return (
    <Panel title="Push on your devices" lead="Messages that appear also when Trackside is not open.">
      <Loaded query={pushes} height={60}>
        {(items) => {
          const here = items.some(({ id }) => id === ownPush());
          return (
            <>
              {items.length > 0 && (
                <Rows label="Devices">
                  {items.map(({ id, host, created_at }) => (
                    <Row
                      key={id}
                      title={id === ownPush() ? 'This browser' : 'Another browser'}
                      about={
                        <>
                          through {host} · since <When at={created_at} />
                        </>
                      }
                      actions={
                        <RowMenu
                          label={`More for the browser at ${host}`}
                          acts={[
                            {
                              label: 'Remove',
                              icon: IconTrash,
                              run: async () => {
                                await endPush(id);
                                await again();
                              },
                            },
                          ]}
                        />
                      }
                    />
                  ))}
                </Rows>
              )}
              {!canPush() && (
                <Text size="sm">
                  This browser takes no push messages. On an iPhone, first put Trackside on the home screen.
                </Text>
              )}
              {canPush() && !here && (
                <Button
                  variant="default"
                  style={{ alignSelf: 'flex-start' }}
                  leftSection={<IconBellRinging size={16} aria-hidden />}
                  loading={begin.isPending}
                  onClick={() => begin.mutate()}
                >
                  Push to this browser
                </Button>
              )}
              <ProblemAlert error={begin.error} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}
