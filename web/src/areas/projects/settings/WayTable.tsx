import { Checkbox } from '@mantine/core';
import type { Status, Transition } from '~/api/schema';

interface Props {
  statuses: Status[];
  ways: Transition[];
  change: (ways: Transition[]) => void;
  mayEdit: boolean;
}

/** From each status to each other: whether a card may go there. */
export function WayTable({ statuses, ways, change, mayEdit }: Props) {
  const isOpen = (from: string, to: string) => ways.some((way) => way.from === from && way.to === to);
  const toggle = (from: string, to: string) =>
    change(isOpen(from, to) ? ways.filter((way) => way.from !== from || way.to !== to) : [...ways, { from, to }]);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">From … to</th>
          {statuses.map(({ key, name }) => (
            <th key={key} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {statuses.map((from) => (
          <tr key={from.key}>
            <th scope="row">{from.name}</th>
            {statuses.map((to) => (
              <td key={to.key}>
                {from.key === to.key ? (
                  '—'
                ) : (
                  <Checkbox
                    aria-label={`From ${from.name} to ${to.name}`}
                    disabled={!mayEdit}
                    checked={isOpen(from.key, to.key)}
                    onChange={() => toggle(from.key, to.key)}
                  />
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
