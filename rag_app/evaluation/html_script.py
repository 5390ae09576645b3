"""The script of a comparison's page: draws the chart, and shows two models side by side."""

from __future__ import annotations

SCRIPT = """\
const data = JSON.parse(document.getElementById('data').textContent);
const chart = document.getElementById('chart');
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const most = 30;

function draw() {
  const ink = getComputedStyle(document.body).color;
  const panel = getComputedStyle(chart).backgroundColor;
  const layout = {...data.figure.layout, font: {...data.figure.layout.font, color: ink},
    hoverlabel: {align: 'left', bgcolor: panel, font: {color: ink}}};
  Plotly.react(chart, data.figure.data, layout,
    {displaylogo: false, displayModeBar: false, responsive: true});
}

function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function place(id) {
  const passage = data.shown[id];
  return passage.page ? `${passage.document}, page ${passage.page}` : passage.document;
}

function side(spec, found) {
  const box = document.createElement('div');
  const right = found.rank === 1;
  const rank = found.rank ? `wrong; the right passage is number ${found.rank}` : 'wrong';
  box.append(element('h3', `${spec}: ${right ? 'right' : rank}`, right ? 'right' : 'wrong'));
  if (found.first) {
    box.append(element('p', `put first: ${place(found.first)}`, 'where'));
    box.append(element('blockquote', data.shown[found.first].text));
  } else {
    box.append(element('p', 'found nothing', 'where'));
  }
  return box;
}

const gain = found => found.rank ? 1 / found.rank : 0;

const chosen = id => document.getElementById(id).value;

function card([one, a, b]) {
  const made = element('section', '', 'question');
  const pair = element('div', '', 'pair');
  pair.append(side(chosen('first'), a), side(chosen('second'), b));
  made.append(element('p', one.question), pair);
  if (a.rank !== 1 && b.rank !== 1) {
    const wanted = one.targets[0][0];
    const more = document.createElement('details');
    more.append(element('summary', `asked for: ${place(wanted)}`),
      element('blockquote', data.shown[wanted].text));
    made.append(more);
  }
  return made;
}

function show() {
  const [first, second, way] = ['first', 'second', 'way'].map(chosen);
  const apart = data.questions
    .map(one => [one, one[way][first], one[way][second]])
    .filter(([, a, b]) => a.first !== b.first && !(a.rank === 1 && b.rank === 1))
    .sort((x, y) => Math.abs(gain(y[1]) - gain(y[2])) - Math.abs(gain(x[1]) - gain(x[2])));
  const better = apart.filter(([, a, b]) => gain(a) > gain(b)).length;
  const worse = apart.filter(([, a, b]) => gain(a) < gain(b)).length;
  document.getElementById('count').textContent =
    `${apart.length} of ${data.questions.length} questions: ` +
    `${first} was nearer ${better} times, ${second} ${worse} times` +
    (apart.length > most ? `; the ${most} clearest are shown` : '');
  document.getElementById('questions').replaceChildren(...apart.slice(0, most).map(card));
}

['first', 'second'].forEach((id, number) => {
  const select = document.getElementById(id);
  data.models.forEach(spec => select.append(new Option(spec, spec)));
  select.selectedIndex = Math.min(number, data.models.length - 1);
});
document.getElementById('way').value = data.by;
document.querySelectorAll('select').forEach(select => select.addEventListener('change', show));
dark.addEventListener('change', draw);
if (data.models.length) { draw(); show(); }
"""
