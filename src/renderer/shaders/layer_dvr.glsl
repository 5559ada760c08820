// Layer _L as a picture in depth.
void step_L(vec3 w, float ds, float dt) {
  vec3 x = x_L + dx_L * ds;
  float t = place_L(textureLod(ATLAS_L, x, 0.));
  if (t == NOTHING) {
    had_L = false;
    return;
  }
#if PEAKED_L
  vec2 here = vec2(t, PLACE_L(t));
  vec4 sum = integralTo(ROW_L, here.x, here.y);
  vec4 c = pieceBetween(ROW_L, had_L ? before_L : here, had_L ? sum_L : sum, here, sum, (had_L ? past : dt) * uThick_L);
  before_L = here;
  sum_L = sum;
  had_L = true;
#else
  vec4 c = colorOf(STEPS_L + stride, PLACE_L(t));
#if defined(DEPTH)
  for (int k = 0; k < 1 && dt < whole; ++k) c *= (1. - pow(1. - c.a, dt / whole)) / max(c.a, 1e-6);
#endif
#endif
#if SHADING_L > 0
  // What adds less than a step of 8 bits is not lit. A loop of at most one turn: where no ray of a group needs it, it is skipped, which an `if` need not be.
  for (int k = 0; k < 1 && (1. - acc.a) * c.a > .003; ++k) {
    vec2 shade = lightBy(gradient_L(x)) * lightAt(w, near_L, SHADING_L);
    c.rgb = min(c.rgb * shade.x + c.a * shade.y, c.a);
  }
#endif
  lay_L(c);
}

float solid_L(float t) {
  return colorOf(ROW_L + 1, PLACE_L(t)).a * uThick_L;
}
