// Reads {tables: {name: {column: type}}, queries: {name: text}} from its input and writes, for each query, what Kusto's own parser says of it
// when it knows those tables: {name: {problems: ["line: message"], columns: ["name"]}}.
'use strict';
const path = require('node:path');
const fs = require('node:fs');

const root = path.dirname(require.resolve('@kusto/language-service-next'));
require(path.join(root, 'bridge.min.js'));
require(path.join(root, 'Kusto.Language.Bridge.min.js'));
const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;

const { tables, queries } = JSON.parse(fs.readFileSync(0, 'utf8'));
const symbols = Object.entries(tables).map(([name, columns]) =>
  Symbols.TableSymbol.From(`(${Object.entries(columns).map(([column, type]) => `${column}:${type}`).join(', ')})`).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('workspace', symbols));

const list = (items) => Array.from({ length: items.Count }, (_, i) => items.getItem(i));
const answer = {};
for (const [name, text] of Object.entries(queries)) {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  const columns = code.ResultType?.Columns;
  answer[name] = {
    problems: list(code.GetDiagnostics()).map((one) => `${text.slice(0, one.Start).split('\n').length}: ${one.Message}`),
    columns: columns ? (Array.isArray(columns) ? columns : list(columns)).map((column) => column.Name) : [],
  };
}
process.stdout.write(JSON.stringify(answer));
