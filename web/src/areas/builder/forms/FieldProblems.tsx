import { Text } from '@mantine/core';
import type { RuleProblem } from '~/api/schema';
import { ProblemLine } from '../page/Findings';

/** What is wrong with one field, with line and column, and the nearest name to put in its place. */
export function FieldProblems({ problems }: { problems: RuleProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <div>
      {problems.map((problem) => (
        <div key={problem.message + problem.column}>
          {problem.line && problem.column ? (
            <Text size="xs" c="dimmed" mt={4}>
              Line {problem.line}, column {problem.column}
            </Text>
          ) : null}
          <ProblemLine problem={problem} />
        </div>
      ))}
    </div>
  );
}
