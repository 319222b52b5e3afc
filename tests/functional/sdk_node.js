// Drives a sandbox with Symbl's own SDK for Node; prints what came of it as JSON.
// node sdk_node.js <package folder> <URL of the sandbox>

const [packageFolder, base] = process.argv.slice(2);
const say = console.log;
console.log = console.info = console.warn = () => {}; // the SDK's own log

const { sdk, SpeakerEvent } = require(packageFolder);

const ana = { userId: "ana@example.com", name: "Ana" };

async function main() {
  sdk.oauth2.setBasePath(base); // init leaves the request for a token where it was
  await sdk.init({ appId: "app", appSecret: "secret", basePath: base, tlsAuth: true });
  const started = await sdk.startEndpoint({
    endpoint: { type: "pstn", phoneNumber: "12025550143" },
    languages: ["de-DE"],
    timezone: "Europe/Berlin",
    data: { session: { name: "node" } },
  });
  const heard = [];
  await new Promise((resolve) => {
    sdk.subscribeToConnection(started.connectionId, (message) => {
      heard.push(message);
      if (message.type === "message_response") resolve();
    });
  });
  const event = new SpeakerEvent({
    type: "started_speaking",
    user: ana,
    timestamp: new Date().toISOString(),
  });
  // Not awaited: it calls back only where the socket was open before.
  sdk.pushEventOnConnection(started.connectionId, event.toJSON());
  await new Promise((resolve) => {
    const isOfAna = () =>
      heard.some((m) => (m.messages || []).some((each) => each.from.userId === ana.userId));
    const looking = setInterval(() => isOfAna() && (clearInterval(looking), resolve()), 10);
  });
  const stopped = await sdk.stopEndpoint({ connectionId: started.connectionId });
  // What they are besides, such as open sockets, is no JSON.
  const { connectionId, conversationId, summaryInfo } = stopped;
  say(
    JSON.stringify({
      started: { connectionId: started.connectionId, conversationId: started.conversationId },
      stopped: { connectionId, conversationId, summaryInfo },
      heard,
    }),
  );
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error && error.stack ? error.stack : JSON.stringify(error)}\n`);
    process.exit(1);
  },
);
