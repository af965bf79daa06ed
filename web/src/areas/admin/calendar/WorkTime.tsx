import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import { Loaded } from '~/parts/Loaded';
import { AdminPage } from '../AdminPage';
import { WorkForm } from './WorkForm';

export const workTimeQuery = queryOptions({
  queryKey: ['calendars', 'workspace'],
  queryFn: () => ask(api.GET('/api/v1/calendar')),
});

/** When work is done in the workspace: plans, dates and SLA clocks go by it. */
export function WorkTime() {
  const calendar = useQuery(workTimeQuery);
  return (
    <AdminPage title="Working time" lead="Plans, dates and SLA clocks go by it. A project can have its own.">
      <Loaded query={calendar} height={360}>
        {(data) => <WorkForm key={data.version} calendar={data} />}
      </Loaded>
    </AdminPage>
  );
}
