// Fingers: to the side through takes (four at a time where four are shown), up and down through panels.

const SWIPE = 48; // pixels; less is a tap

function followSwipes(stage, viewer) {
  let start = null;
  stage.addEventListener("pointerdown", (event) => {
    start = event.pointerType === "mouse" || !event.isPrimary ? null : [event.clientX, event.clientY];
  });
  stage.addEventListener("pointercancel", () => { start = null; });
  stage.addEventListener("pointerup", (event) => {
    if (!start || !event.isPrimary) return;
    const [right, down] = [event.clientX - start[0], event.clientY - start[1]];
    start = null;
    if (Math.max(Math.abs(right), Math.abs(down)) < SWIPE) return;
    const by = (Math.abs(right) > Math.abs(down) ? right : down) < 0 ? 1 : -1;
    if (Math.abs(right) <= Math.abs(down)) viewer.leap(by);
    else if (viewer.isFour) viewer.turnPage(by);
    else viewer.step(by);
  });
}
