// Step to pixel: from the stamp taken when the optimizer's step returned to the frame after the charts were drawn.

const KEPT = 50000;

export function recordLatency(stamps, drawings) {
  window.__saddlepoint_latency ??= [];
  const record = window.__saddlepoint_latency;
  Promise.all(drawings).then(() =>
    requestAnimationFrame(() => {
      const now = Date.now() / 1000;
      for (const stamp of stamps) if (Number.isFinite(stamp)) record.push(now - stamp);
      if (record.length > KEPT) record.splice(0, record.length - KEPT);
    }),
  );
}
