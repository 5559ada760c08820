// How light falls on a surface: factor of the colour, and gloss.
uniform vec3 uLight;        // world direction towards the light
uniform vec3 uHalf;         // half way between that and towards the eye, in the middle of the picture

// By the direction from the surface outwards and, 0..1, how much of a surface there is: inside of what is even there is none to be lit.
vec2 lightOn(vec3 outward, float surface) {
  float lit = dot(outward, uLight);
  float diffuse = .75 * max(lit, 0.) + .25 * abs(lit);
  float gloss = max(dot(outward, uHalf), 0.);
  gloss *= gloss * gloss; // to the power of 24, without a logarithm at each sample
  gloss *= gloss;
  gloss *= gloss;
  gloss *= gloss;
  return vec2(mix(.9, .4 + .95 * diffuse, surface), .16 * gloss * surface);
}

// By the change of the value, in places of its window, over a voxel.
vec2 lightBy(vec3 gradient) {
  float steep = length(gradient) + 1e-6;
  return lightOn(-gradient / steep, steep / (steep + .06));
}
