// Layer _L as the surface of one value: found between two samples on either side of it, then by halving.
uniform float uIso_L;
uniform float uOpacity_L;
bool inside_L;

void step_L(vec3 w, float ds, float dt) {
  float t = place_L(textureLod(ATLAS_L, x_L + dx_L * ds, 0.));
  if (t == NOTHING) {
    had_L = false;
    return;
  }
  bool inside = t >= uIso_L;
  bool crossed = had_L ? inside != inside_L : inside;
  float a = had_L ? -past : 0.; // where a ray begins inside, the surface is the face it came through
  had_L = true;
  inside_L = inside;
  for (int k = 0; k < 1 && crossed && acc.a < .997; ++k) {
    vec3 P = uEye_L + uCells_L * w;
    float b = 0.;
    for (int i = 0; i < 8; ++i) {
      float m = .5 * (a + b);
      if ((placeAt_L(P + direction_L * m, NOTHING) >= uIso_L) == inside) b = m;
      else a = m;
    }
    vec4 c = colorOf(ROW_L + 2, PLACE_L(uIso_L));
    float voxel = 1. / entry_L.w;
#if SHADING_L > 0
    vec3 outward = -slope_L(P + direction_L * b, voxel / 64., uIso_L);
    float steep = length(outward);
    outward = steep > 1e-6 ? outward / steep : -ray;
    if (dot(outward, ray) > 0.) outward = -outward; // the far side is seen from inside
    vec3 hit = w + ray * b + outward * (uVoxel_L * voxel);
    vec2 shade = lightOn(outward, 1.) * lightAt(hit, near_L, SHADING_L);
    c.rgb = min(c.rgb * shade.x + shade.y, 1.);
#endif
    lay_L(vec4(c.rgb, 1.) * uOpacity_L);
  }
}

float solid_L(float t) {
  return t >= uIso_L ? -log(1. - .99 * uOpacity_L) * uPerStep_L : 0.;
}
