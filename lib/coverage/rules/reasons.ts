/** What people say in words and dates: why data is left out, and who else copies it. */
import { isExcluded, type Declaration } from '../../model/declaration';
import { counted, isPlaceholder, isSentence } from '../../model/text';
import type { GateContext } from '../context';
import { elsewheresOf } from '../evidence';
import { aboutDataset, inWords, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';
import { failureDomainProblem } from './locations';

export const thinReason: Rule = {
  id: 'thin-reason',
  heading: (n) => `${counted(n, 'reason')} ${n === 1 ? 'is not a sentence' : 'are not sentences'}`,
  what: 'An exclusion, a claim that somebody else copies the data, or an accepted risk does not say why in a sentence.',
  why: 'The reason is what the next person has when the data is gone; one word does not let anybody judge whether it still holds.',
  fix: 'Say in a sentence of at least four words why it is acceptable, or who copies the data and how. The words that a finding prints in their place are not a reason.',
  example: `new ScratchVolume(chart, 'cache', { storage: Size.gibibytes(40), reason: 'cache' });`,
  check: (context) => [
    ...context.answers.answered.flatMap((dataset) =>
      reasonsOf(dataset.declaration).flatMap(({ text, ask }) => thin(aboutDataset(dataset), text, ask)),
    ),
    ...elsewheresOf(context).flatMap(({ elsewhere, about }) =>
      thin(about, elsewhere.sentence, 'who copies it, and how'),
    ),
    ...thinClusterAnswer(context),
  ],
};

function thin(
  about: Pick<RuleFinding, 'subject' | 'at' | 'dataset'>,
  text: unknown,
  ask: string,
): readonly RuleFinding[] {
  if (isSentence(text)) return [];
  return [{ ...about, because: whyThin(text), remedies: inWords(`say in a sentence ${ask}`) }];
}

function whyThin(text: unknown): string {
  if (typeof text !== 'string') return 'nobody gave one';
  return isPlaceholder(text) ? `nobody has replaced '${text}'` : `'${text}' is not a sentence`;
}

function reasonsOf({ answer }: Declaration): readonly { readonly text: string; readonly ask: string }[] {
  if (answer === undefined) return [];
  if (isExcluded(answer)) return [{ text: answer.reason, ask: 'why losing this data is acceptable' }];
  return answer.strategies.flatMap((strategy) => {
    const accepted = 'crashConsistent' in strategy ? strategy.crashConsistent : undefined;
    return accepted === undefined
      ? []
      : [{ text: accepted, ask: 'why a snapshot of the running database is good enough' }];
  });
}

function thinClusterAnswer({ input }: GateContext): readonly RuleFinding[] {
  const { clusterWide } = input;
  if (clusterWide.type === 'asked') return [];
  const subject = 'etcd, Flux repository, certificates and keys';
  return thin({ subject }, clusterWide.by, 'which repository answers for them');
}

export const elsewhereMalformed: Rule = {
  id: 'elsewhere-malformed',
  heading: (n) => `${counted(n, 'detail')} missing from copies that somebody else makes`,
  what: '`elsewhere` says neither what is lost together with the copy nor how old it may be, in words that are known. Typed code does not compile; untyped code ends here.',
  why: 'What is left when the cluster is lost, and how old it is, is computed from both.',
  fix: 'Say both: `failureDomain` and `rpo`.',
  example: `new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: elsewhere('The NAS fetches it every night.', { failureDomain: 'cellar' as never, rpo: Duration.days(1) }),
});`,
  check: (context) =>
    elsewheresOf(context).flatMap(({ elsewhere: { failureDomain, rpoSeconds }, about }) => {
      const domain = failureDomainProblem(failureDomain);
      const isAge = Number.isFinite(rpoSeconds) && rpoSeconds > 0;
      return [
        ...(domain === undefined ? [] : [{ ...about, ...domain }]),
        ...(isAge
          ? []
          : [{ ...about, because: 'nobody said how old the copy may be', remedies: toFix('rpo: Duration.days(1)') }]),
      ];
    }),
};

export const reviewDate: Rule = {
  id: 'review-date',
  heading: (n) => `${counted(n, 'review date')} ${n === 1 ? 'is not a day' : 'are not days'}`,
  what: 'The review date of an exclusion is not a day of the calendar.',
  why: 'Audit and alerts compare it with today: a date that nobody can read never comes.',
  fix: 'Write the day as `2027-06-01`.',
  example: `new ScratchVolume(chart, 'cache', {
  storage: Size.gibibytes(40),
  reason: 'Downloaded again on the next build.',
  reviewBy: 'next summer',
});`,
  check: ({ answers, input }) =>
    answers.answered.flatMap((dataset) => {
      const { answer } = dataset;
      if (!isExcluded(answer) || answer.reviewBy === undefined || isDay(answer.reviewBy)) return [];
      const because = `'${answer.reviewBy}' is not in the calendar`;
      return [{ ...aboutDataset(dataset), because, remedies: toFix(`reviewBy: '${oneYearAfter(input.today)}'`) }];
    }),
};

export const reviewDue: Rule = {
  id: 'review-due',
  severity: 'warning',
  heading: (n) => `${counted(n, 'exclusion')} ${n === 1 ? 'is' : 'are'} due for review`,
  what: 'The review date of an exclusion has passed.',
  why: 'A reason that was true once may be why data is lost today. The calendar never breaks a build, so this is a warning.',
  fix: 'Check that the reason still holds and set a later date, or back the data up.',
  example: `new ScratchVolume(chart, 'cache', {
  storage: Size.gibibytes(40),
  reason: 'Downloaded again on the next build.',
  reviewBy: '2020-01-01',
});`,
  check: ({ answers, input }) =>
    answers.answered.flatMap((dataset) => {
      const { answer } = dataset;
      if (
        !isExcluded(answer) ||
        answer.reviewBy === undefined ||
        !isDay(answer.reviewBy) ||
        answer.reviewBy >= input.today
      )
        return [];
      return [
        {
          ...aboutDataset(dataset),
          because: `its reason was to be checked by ${answer.reviewBy}: ${answer.reason}`,
          remedies: [{ label: 'if still true', text: `reviewBy: '${oneYearAfter(input.today)}'` }],
        },
      ];
    }),
};

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  // JavaScript takes 30 February for 2 March.
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

function oneYearAfter(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCFullYear(date.getUTCFullYear() + 1);
  return date.toISOString().slice(0, 10);
}
