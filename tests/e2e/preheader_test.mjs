// preheader_test.mjs: the line that a mailbox shows beside the subject, from the variable "preheader".
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addProvider, courierServer, send, team, untilStatus, webhook } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';

const server = await courierServer();
after(() => server.stop());

const HIDDEN = '<div style="display:none;max-height:0;overflow:hidden">';

async function mailed(body, variables) {
  const out = await StandIn.start();
  server.atStop(() => out.stop());
  const tenant = await team(server, {}, { body });
  await addProvider(tenant, webhook(out));
  await send(tenant, variables);
  await untilStatus(tenant, 'SENT');
  return out.calls[0].text;
}

test('line 8: the preheader stands hidden behind <body>, escaped, on one line, and not in the text part', async () => {
  const sent = await mailed('<html><BODY class="a"><p>Hi {{name}}</p></BODY></html>', { name: 'Ada', preheader: 'Ada & <Bob>\nsoon' });
  assert.ok(sent.includes(JSON.stringify(`<BODY class="a">${HIDDEN}Ada &amp; &lt;Bob&gt; soon</div><p>Hi Ada</p>`).slice(1, -1)), sent);
  assert.equal(sent.split('Ada &amp;').length, 2);
  assert.ok(!sent.includes('Ada & <Bob>')); // as the text part would have it
});

test('line 8: a fragment has it at its start; none without the variable', async () => {
  assert.ok((await mailed('<p>x</p>', { preheader: 'Look' })).includes(JSON.stringify(`${HIDDEN}Look</div><p>x</p>`).slice(1, -1)));
  assert.ok(!(await mailed('<p>x</p>', { preheader: 7 })).includes('display:none'));
});

test('line 9: a preview of an HTML mail does not call it unused', async () => {
  const tenant = await team(server);
  const preview = (fields) => server.admin('POST', `/tenants/${tenant.id}/templates/preview`, { channel: 'EMAIL', body: 'x {{gone}}', variables: { preheader: 'p', other: 1 }, ...fields });
  const html = (await preview({ format: 'html' })).json.data;
  assert.deepEqual([html.unusedVariables, html.missingVariables], [['other'], ['gone']]);
  assert.deepEqual((await preview({ format: 'text' })).json.data.unusedVariables, ['preheader', 'other']);
});
