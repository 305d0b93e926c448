/** Prints rows of one table as Markdown: the first column is the row's name, `cell` writes the others. */
export function printTable(title, rows, cell) {
  const [first, ...others] = Object.keys(rows[0]);
  const lines = rows.map((row) => [row[first], ...others.map((name) => cell(row[name]))]);
  const head = [first, ...others];
  const widths = head.map((_, n) => Math.max(...[head, ...lines].map((texts) => texts[n].length)));
  const line = (texts) => `| ${texts.map((text, n) => text.padEnd(widths[n])).join(" | ")} |`;
  console.log(`\n## ${title}\n`);
  console.log(line(head));
  console.log(line(widths.map((width) => "-".repeat(width))));
  for (const texts of lines) console.log(line(texts));
}
