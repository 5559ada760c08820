// The ray-marched picture of a view at a pixel of the canvas; one of lower resolution is enlarged linearly.
uniform sampler2D uPicture;
uniform vec4 uViewport;     // lower left corner and 1 / size of the view in gl_FragCoord
uniform vec2 uUsed;         // part of the texture that holds the picture
uniform vec2 uHalfTexel;

vec4 pictureAt(vec2 place) {
  return textureLod(uPicture, clamp(place * uUsed, uHalfTexel, uUsed - uHalfTexel), 0.);
}
