// Plain background: around views and behind slices.
out vec4 color;

uniform vec3 uColor;

void main() {
  color = vec4(uColor, 1.);
}
