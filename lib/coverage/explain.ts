/** Findings in the words and the shape in which people read them. */
import pc from 'picocolors';
import { groupBy } from '../model/collections';
import { describeOrigin, type Finding } from './finding';
import { rules } from './rules';

const LABEL_WIDTH = 17;

/** All findings, grouped under the headings of their rules; ends with a newline. */
export function explainFindings(findings: readonly Finding[], colours: boolean): string {
  const colour = pc.createColors(colours);
  const paragraphs = [...groupBy(findings, ({ rule }) => rule)].map(([id, ofRule]) => {
    const rule = rules.find((candidate) => candidate.id === id);
    const heading = rule?.heading(ofRule.length) ?? id;
    const mark = ofRule[0]?.severity === 'warning' ? colour.yellow('!') : colour.red('✖');
    const blocks = ofRule.map((finding) =>
      [`  ${mark} ${colour.bold(finding.subject)}`, ...detailsOf(finding, colour.dim)].join('\n'),
    );
    return `${heading}: ${colour.dim(`[${id}]`)}\n\n${blocks.join('\n')}\n`;
  });
  return paragraphs.join('\n');
}

function detailsOf({ at, because, remedies }: Finding, dim: (text: string) => string): readonly string[] {
  const rows: [string, string][] = [];
  if (at !== undefined) rows.push([at.type === 'construct' ? 'made by' : 'written in', describeOrigin(at)]);
  if (because !== undefined) rows.push(['because', because]);
  for (const { label, text } of remedies) rows.push([label, text]);
  return rows.map(([label, text]) => `      ${dim(label.padEnd(LABEL_WIDTH))}${text}`);
}
